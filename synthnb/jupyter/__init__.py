"""The notebook's edge: magics, displays, exporters."""
