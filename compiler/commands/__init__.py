"""One module a verb of the `compiler` program."""
