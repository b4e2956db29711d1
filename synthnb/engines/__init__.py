"""How rows come to be."""
