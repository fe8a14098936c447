"""Measurements on real servers, gathered in one table: `python -m benchmarks`, or `make bench`."""
