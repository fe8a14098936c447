"""The small HTTP server of a process, whatever its role: health, metrics, and waking the bridge."""
