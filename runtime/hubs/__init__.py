"""Model hubs: one module each, satisfying one protocol."""
