"""The demo: one real job on a whole stack, whose worker is killed half-way."""
