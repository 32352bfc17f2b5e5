"""One module per format. A new format is one file here with one ``@extracts(...)`` line; the registry finds it."""
