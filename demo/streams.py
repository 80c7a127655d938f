"""The streams of patients, and the number of slices per patient."""

from enum import IntEnum

SLICES = 4


class Stream(IntEnum):
    """Patients of different streams are different people, even with the same number."""

    TRAINING = 1  # trains the generators
    POPULATION = 2  # new images of the memorisation dial
    DB1 = 3
    DB2 = 4
