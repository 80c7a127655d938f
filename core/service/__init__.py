"""The layer above the engine, for one user or one machine: the workspace, and maintenance."""
