"""Commands about a deployment, not about one job: one module for each."""
