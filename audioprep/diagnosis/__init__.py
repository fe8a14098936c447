"""Diagnosis: what is the matter with a job or a deployment, whose move it is, and what to type next."""
