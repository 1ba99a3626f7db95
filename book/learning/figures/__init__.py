"""Drawings of Part III."""
