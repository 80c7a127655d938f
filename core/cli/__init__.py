"""The command line, ``python -m core VERB``: one module per group of verbs."""
