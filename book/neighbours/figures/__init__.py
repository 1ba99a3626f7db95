"""Drawings of Part IV."""
