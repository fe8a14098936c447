"""Random faults over the whole system, and an account of what they did: `python -m tests.chaos`."""
