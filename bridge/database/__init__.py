"""libSQL databases: files and the HTTP pipeline behind one interface, and their errors."""
