"""Columns as numbers, and back."""
