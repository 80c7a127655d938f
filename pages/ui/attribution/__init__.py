"""The page Generators."""
