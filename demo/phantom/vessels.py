"""Branching vessel trees of the lungs in three dimensions, so neighbouring slices show the same tree."""

from dataclasses import dataclass

import numpy as np

from demo.phantom.shapes import Grid

GENERATIONS = 9
MURRAY = 2 ** (-1 / 3)  # radius cubed of a vessel is the sum of its branches' (Murray 1926)


@dataclass(frozen=True)
class Tree:
    """Straight pieces: ``start`` and ``end`` float (n, 3) in mm, ``radius`` (n,) in mm."""

    start: np.ndarray
    end: np.ndarray
    radius: np.ndarray


def grow(rng: np.random.Generator, root: np.ndarray, aims: np.ndarray, radius: float, reach: float) -> Tree:
    """A binary tree from ``root`` (3,) in mm, its main vessels about ``reach`` mm long, towards ``aims``."""
    direction = aims - root
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    start = np.repeat(root[None], len(aims), 0)
    start[:, 2] += 0.3 * (aims - root)[:, 2]
    radii = radius * rng.uniform(0.8, 1.1, len(aims))
    length = reach * 0.23
    pieces = []
    for _ in range(GENERATIONS):
        end = start + direction * (length * rng.uniform(0.7, 1.3, (len(start), 1)))
        pieces.append((start, end, radii))
        side = rng.standard_normal((len(start), 3))
        side -= (side * direction).sum(1, keepdims=True) * direction
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        spread = np.tan(np.deg2rad(rng.uniform(18, 42, (2, len(start), 1))))
        children = np.concatenate([direction + spread[0] * side, direction - spread[1] * side])
        direction = children / np.linalg.norm(children, axis=1, keepdims=True)
        start = np.concatenate([end, end])
        radii = np.concatenate([radii, radii]) * MURRAY * rng.uniform(0.9, 1.1, 2 * len(radii))
        length *= 0.8
    starts, ends, thickness = zip(*pieces, strict=True)
    return Tree(np.concatenate(starts), np.concatenate(ends), np.concatenate(thickness))


def coverage(grid: Grid, tree: Tree, z: float, thickness: float) -> np.ndarray:
    """Share of each voxel, 0 to 1, that a vessel fills in the slice at ``z`` mm, ``thickness`` mm thick.

    A vessel thinner than a voxel is correspondingly faint.
    """
    filled = np.zeros_like(grid.x)
    low = np.minimum(tree.start[:, 2], tree.end[:, 2]) - tree.radius - thickness / 2
    high = np.maximum(tree.start[:, 2], tree.end[:, 2]) + tree.radius + thickness / 2
    for index in np.flatnonzero((low <= z) & (z <= high)):
        a, b, radius = tree.start[index], tree.end[index], tree.radius[index]
        box = grid.box(np.stack([a[:2], b[:2]]), radius + 2 * grid.pixel)
        x, y = grid.x[box], grid.y[box]
        across = np.stack([x, y, np.full_like(x, z)], -1)
        piece = b - a
        along = np.clip((across - a) @ piece / (piece @ piece), 0, 1)
        apart = across - a - along[..., None] * piece
        apart[..., 2] = np.maximum(np.abs(apart[..., 2]) - thickness / 2, 0)
        distance = np.linalg.norm(apart, axis=-1)
        edge = np.clip(0.5 + (radius - distance) / grid.pixel, 0, 1)
        faint = min(1.0, 2 * radius / grid.pixel)
        np.maximum(filled[box], edge * faint, out=filled[box])
    return filled
