"""How good and how safe: metrics with intervals, and the report."""
