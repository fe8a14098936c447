"""The table as a queue: claims in turn by tenant, and pauses that hold rows back."""
