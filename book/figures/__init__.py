"""Drawings of single pages, carried by the package as `dlgn_lib.pages`; each returns (matplotlib figure, alt text).

They lie beside the pages, in `book/<part>/figures/<page>.py`, compute nothing that a page could want to know, and are built
of `dlgn_lib.plots`.
"""
