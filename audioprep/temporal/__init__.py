"""The connection to Temporal, and the codec server for its UI."""
