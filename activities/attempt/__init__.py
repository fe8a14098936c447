"""What one activity attempt has: scratch directory, heartbeats, limits, handover at shutdown."""
