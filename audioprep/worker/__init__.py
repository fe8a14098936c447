"""The worker process: its resources, its Temporal worker, and what restarts it."""
