"""Membership inference attacks: was this slice used to train the generator? (paper, section 3.1)"""
