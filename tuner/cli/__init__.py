"""The command line: one file per verb, each over the typed Python API."""
