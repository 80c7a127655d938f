"""Long work in processes of its own: ``python -m core.jobs ID`` is the worker."""
