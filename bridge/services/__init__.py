"""Background services of a bridge: polls, retention, webhooks, liveness."""
