"""A bridge killed and started again over thousands of jobs in flight, on real servers: `python -m tests.restart`."""
