"""Which patients there are, and how many slices of each."""

from enum import IntEnum

SLICES = 4


class Stream(IntEnum):
    """Patients of different streams are different people, whatever their numbers."""

    TRAINING = 1  # what the generators learn from
    POPULATION = 2  # whom the memorisation dial draws on where it remembers nobody
    DB1 = 3
    DB2 = 4
