"""Background services: their loop, health and HTTP health check."""
