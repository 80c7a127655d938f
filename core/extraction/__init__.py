"""Features and lung masks of images by hash, through the store, on this machine or on a Dask cluster."""
