"""One hypothesis profile for all tests: the same examples in every run, no files left behind."""

from hypothesis import settings

settings.register_profile("book", derandomize=True, deadline=None, max_examples=40, database=None)
settings.load_profile("book")
