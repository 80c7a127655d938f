"""The benchmark, ``make bench``: what it measures is said in __main__, how in rounds."""
