"""Writers of everything that is compiled."""
