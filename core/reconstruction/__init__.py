"""Training-data fingerprints by reconstruction: what an autoencoder of generated images finds familiar.

Paper, section 3.1.2: trained on what a generator made, it should reconstruct the generator's own training
images better than others.
"""
