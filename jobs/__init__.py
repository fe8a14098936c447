"""The vocabulary of audioprep: what a job is, what may happen to it, where its files live. No I/O."""
