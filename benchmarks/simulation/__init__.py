"""Simulation of many tenants: the bridge's own decisions, intervals and limits, Temporal and Turso as a model."""
