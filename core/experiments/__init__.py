"""Many configurations and their records: grids, sweeps, run files, the run log, comparisons."""
