"""Membership inference by reconstruction error: an autoencoder of the generated images."""
