"""Clustering: PCA, k-means, hierarchical trees, maps, and scores against known generators."""
