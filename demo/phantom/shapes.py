"""Shapes on a millimetre grid as signed distances, negative inside, which can be joined and cut.

Coordinates are those of an axial slice: x to the patient's left, y to the back, in mm from the body's centre.
"""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Point = tuple[float, float]


@dataclass(frozen=True)
class Grid:
    """Pixel centres of a square slice: ``x`` and ``y`` float (side, side), ``pixel`` one side; in mm."""

    x: Array
    y: Array
    pixel: float
    shift: Point = (0.0, 0.0)
    degrees: float = 0.0

    @staticmethod
    def of(side: int, field_of_view: float) -> "Grid":
        pixel = field_of_view / side
        axis = (np.arange(side) - (side - 1) / 2) * pixel
        x, y = np.meshgrid(axis, axis)
        return Grid(x, y, pixel)

    def moved(self, shift: Point, degrees: float) -> "Grid":
        """The grid in the coordinates of a patient who lies ``shift`` mm off-centre and is rotated."""
        cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        x, y = self.x - shift[0], self.y - shift[1]
        return Grid(cos * x + sin * y, cos * y - sin * x, self.pixel, shift, degrees)

    def box(self, points: Array, margin: float) -> tuple[slice, slice]:
        """Rows and columns that contain ``points`` (n, 2) in mm with a margin of ``margin`` mm."""
        cos, sin = np.cos(np.deg2rad(self.degrees)), np.sin(np.deg2rad(self.degrees))
        x = cos * points[:, 0] - sin * points[:, 1] + self.shift[0]
        y = cos * points[:, 1] + sin * points[:, 0] + self.shift[1]
        side = len(self.x)

        def span(along: Array) -> slice:
            ends = np.array([along.min() - margin, along.max() + margin]) / self.pixel + (side - 1) / 2
            low, high = np.clip(ends.round().astype(int), 0, side)
            return slice(low, high + 1)

        return span(y), span(x)

    def coverage(self, distance: Array) -> Array:
        """Share of each pixel inside the shape, 0 to 1: a partial-volume edge of one pixel."""
        return np.clip(0.5 - distance / self.pixel, 0, 1)


def ellipse(grid: Grid, centre: Point, half: Point, degrees: float = 0) -> Array:
    """Distance to an ellipse with half axes ``half``; exact on its edge, first order around it."""
    angle = np.deg2rad(degrees)
    x, y = grid.x - centre[0], grid.y - centre[1]
    along = np.cos(angle) * x + np.sin(angle) * y
    across = np.cos(angle) * y - np.sin(angle) * x
    level = np.hypot(along / half[0], across / half[1])
    slope = np.hypot(along / half[0] ** 2, across / half[1] ** 2)
    return level * (level - 1) / np.maximum(slope, 1e-9)


def capsule(grid: Grid, start: Point, end: Point, radius: float) -> Array:
    """Distance to a line with round ends."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    x, y = grid.x - start[0], grid.y - start[1]
    along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
    return np.hypot(x - along * dx, y - along * dy) - radius


def polar(grid: Grid, centre: Point) -> tuple[Array, Array]:
    """Distance from a point, and the angle around it: 0 at the patient's left, pi / 2 at the back."""
    x, y = grid.x - centre[0], grid.y - centre[1]
    return np.hypot(x, y), np.arctan2(y, x)


def superellipse(angle: Array, half: Point, exponent: float) -> Array:
    """Radius of |x / a|^n + |y / b|^n = 1 at each angle: 2 is an ellipse, more is boxier."""
    terms = np.abs(np.cos(angle) / half[0]) ** exponent + np.abs(np.sin(angle) / half[1]) ** exponent
    return terms ** (-1 / exponent)


def bump(angle: Array, at: float, width: float) -> Array:
    """A Gaussian of height 1 around the angle ``at``; all in radians."""
    return np.exp(-(((angle - at + np.pi) % (2 * np.pi) - np.pi) ** 2) / (2 * width**2))


def joined(first: Array, second: Array, blend: float) -> Array:
    """Union with the corner between the two filled over ``blend`` mm (polynomial smooth minimum)."""
    share = np.clip(0.5 + (second - first) / (2 * blend), 0, 1)
    return second + share * (first - second) - blend * share * (1 - share)


def without(shape: Array, cut: Array) -> Array:
    return np.maximum(shape, -cut)
