"""Encryption of Temporal's payloads: keys and codec."""
