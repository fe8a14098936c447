"""Deterministic orchestration: one file per job type. What fails, retries and ends is decided here, by Temporal."""
