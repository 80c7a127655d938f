"""The command line, ``python -m core VERB``: one module for each set of related verbs."""
