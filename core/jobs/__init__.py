"""Background jobs, each in its own process: ``python -m core.jobs ID`` is the worker."""
