"""A built image, put to work: `python -m tests.image IMAGE`."""
