"""A slice while it is drawn, layer by layer."""

import numpy as np

from demo.phantom.patient import Patient
from demo.phantom.shapes import Array, Grid, Point

AIR, FAT, MUSCLE, LIVER, CORTEX = -1000.0, -100.0, 50.0, 60.0, 900.0  # HU
MIDDLE = (0.0, -9.0)  # of the chest: the muscles of the back are thicker than those of the front
BACK = -26.0  # of the vertebra's middle from the chest's back, mm


class Canvas:
    """``hu`` float (side, side); ``grid`` is the patient's own, ``room`` the scanner's.

    A level is 0 at the lungs' apex and 1 at their deepest recess.
    """

    def __init__(self, patient: Patient, level: float, side: int) -> None:
        self.patient, self.level = patient, level
        self.room = Grid.of(side, patient.field_of_view)
        self.grid = self.room.moved(patient.shift, patient.turn)
        self.hu = np.full_like(self.grid.x, AIR)

    @property
    def cage(self) -> Point:
        """Half axes of the cavity within the chest wall, which tapers towards the apex."""
        narrow = 0.52 + 0.48 * min(1, (max(self.level, 0.01) / 0.42)) ** 0.6
        return self.patient.cavity[0] * narrow, self.patient.cavity[1] * (0.75 + 0.25 * narrow)

    def paint(self, coverage: Array, hu: Array | float) -> None:
        """Blend in a density in HU by the share of each pixel, 0 to 1, that it covers."""
        self.hu += coverage * (hu - self.hu)

    def bone(self, shape: Array, cortex: float) -> None:
        """Bone: marrow within a cortex of ``cortex`` mm."""
        self.paint(self.grid.coverage(shape), CORTEX)
        self.paint(self.grid.coverage(shape + cortex), self.patient.bone)
