"""A slice through a patient in Hounsfield units, with the exact mask of the lungs.

Densities are textbook values: air -1000, lung -860, fat -100, water 0, muscle 50, marrow 120 to 260,
cortical bone 900.
"""

from dataclasses import dataclass

from demo.phantom import chest, wall
from demo.phantom.canvas import Canvas
from demo.phantom.patient import Patient
from demo.phantom.shapes import Array

SIDE = 256


@dataclass(frozen=True)
class Slice:
    """``hu`` float and ``lungs`` bool, both (side, side); vessels and findings belong to the lungs."""

    hu: Array
    lungs: Array


def cut(patient: Patient, level: float, side: int = SIDE) -> Slice:
    """The patient at a level, 0 at the lungs' apex to 1 at their deepest recess."""
    canvas = Canvas(patient, level, side)
    wall.table(canvas)
    skin = wall.body(canvas)
    lungs, domes = chest.outline(canvas)
    wall.scapulae(canvas)
    wall.ribs(canvas)
    wall.spine(canvas, skin)
    wall.sternum(canvas)
    chest.mediastinum(canvas)
    chest.fill(canvas, lungs, domes)
    lungs = chest.airways(canvas, lungs)
    return Slice(canvas.hu, canvas.grid.coverage(lungs) >= 0.5)
