"""Webhooks: events of jobs that have ended, and their signatures. Pure."""
