"""JSON Schemas of everything that people edit, and of the manifest."""
