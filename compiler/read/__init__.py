"""Reading YAML with the position of every key and value kept."""
