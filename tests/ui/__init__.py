"""The lab extension in a real browser, against a real Jupyter server."""
