"""The page at ``/``: attach files, ask, read the answer with its citations, in a browser and without a build."""
