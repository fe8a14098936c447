"""One bridge for many databases: which they are, and the services of each."""
