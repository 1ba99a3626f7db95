"""Drawings of Part I."""
