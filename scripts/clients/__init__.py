"""Code generation: the parts of the client packages that follow from the models and their JSON Schemas."""
