"""The cached stages of clustering, which both questions share: in memory, or out of core."""
