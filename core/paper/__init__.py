"""The paper's tables: as printed, and as configurations that can be run."""
