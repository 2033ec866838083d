"""One module a verb of the `runtime` program."""
