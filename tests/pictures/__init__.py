"""The pictures in the documents, made anew from the real thing: `python -m tests.pictures`."""
