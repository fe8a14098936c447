"""Hypothesis on shared machines: an example that is slow for once is no failure."""

from hypothesis import settings

settings.register_profile("audioprep", deadline=None)
settings.load_profile("audioprep")
