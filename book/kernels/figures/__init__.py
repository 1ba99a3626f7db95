"""Drawings of Part II."""
