"""Many rows that can never be jobs, between a few that are, on real servers: `python -m tests.flood`."""
