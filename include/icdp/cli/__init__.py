"""The ``icdp`` command: published editions at the terminal, and the engine on anybody's files."""
