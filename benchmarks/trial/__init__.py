"""Jobs made for measuring, and the worker that knows them."""
