"""The table, and the chest wall: skin, fat, muscle and bone."""

import numpy as np

from demo.phantom.canvas import BACK, FAT, MIDDLE, MUSCLE, Canvas
from demo.phantom.patient import LUNG_HEIGHT
from demo.phantom.shapes import Array, Point, bump, capsule, ellipse, joined, polar, superellipse

RIBS, RIB_GAP = 6, 0.62  # maximum number of arcs per side, and their distance in radians


def table(canvas: Canvas) -> None:
    """The table: two curved shells around foam. It does not turn with the patient."""
    p = canvas.patient
    top = p.shift[1] + p.half[1] + p.table
    low = (p.shift[0] * 0.3, top - p.table_bend)
    ring, _ = polar(canvas.room, low)
    upper, lower = ring - p.table_bend, ring - p.table_bend - 24
    sides = np.abs(canvas.room.x) - 0.92 * p.half[0]
    inside = np.maximum(np.maximum(-upper, lower), sides)
    canvas.paint(canvas.room.coverage(inside), -930)
    for distance in (np.abs(upper), np.abs(lower)):
        canvas.paint(canvas.room.coverage(np.maximum(distance - 0.8, sides)), 60)


def body(canvas: Canvas) -> Array:
    """Skin, fat and muscle; the signed distance to the skin."""
    p = canvas.patient
    radius, angle = polar(canvas.grid, (0, 0))
    outline = superellipse(angle, p.half, p.exponent)
    for order, (amplitude, phase) in enumerate(p.wobble, start=2):
        outline = outline * (1 + amplitude * np.cos(order * angle + phase))
    shoulders = 0.13 * max(0, 1 - canvas.level / 0.6)
    for side in (0.32, np.pi - 0.32):
        outline = outline * (1 + shoulders * bump(angle, side, 0.35))
    muscle = outline - p.fat * (1 + 0.5 * np.sin(angle) ** 2)
    breasts = p.breasts * np.exp(-(((canvas.level - 0.55) / 0.22) ** 2))
    for side in (-np.pi / 2 + 0.62, -np.pi / 2 - 0.62):
        outline = outline + breasts * bump(angle, side, 0.28)
    skin = radius - outline
    canvas.paint(canvas.grid.coverage(skin), 30)
    canvas.paint(canvas.grid.coverage(skin + 2), FAT)
    canvas.paint(canvas.grid.coverage(radius - muscle), MUSCLE)
    fat_planes(canvas, radius, angle, muscle)
    return skin


def fat_planes(canvas: Canvas, radius: Array, angle: Array, muscle: Array) -> None:
    """Thin wavy layers of fat between the muscles."""
    rng = np.random.default_rng((*canvas.patient.seed, 2))
    for depth in (6.0, 13.0):
        phase = rng.uniform(0, 2 * np.pi, 3)
        wave = sum(2.2 * np.sin((n + 3) * angle + phase[n]) for n in range(3))
        plane = np.abs(radius - muscle + depth + wave) - 0.9
        shown = np.clip(0.5 + np.sin(5 * angle + phase[0]), 0, 1)
        canvas.paint(0.8 * canvas.grid.coverage(plane) * shown, FAT)


def ribs(canvas: Canvas) -> None:
    """Each rib slopes down to the front: a slice cuts it to a short arc, and the arcs move with the level."""
    a, b = canvas.cage
    for side in (-1, 1):
        for number in range(RIBS):
            turn = canvas.patient.ribs + number * RIB_GAP - canvas.level * LUNG_HEIGHT * 0.022
            turn = (turn % (RIBS * RIB_GAP)) - RIBS * RIB_GAP / 2
            if abs(turn) > 1.4:
                continue
            ends = [turn - 0.11, turn + 0.11]
            points: list[Point] = []
            for angle in ends:
                reach = superellipse(np.array(angle), (a + 6, b + 6), 2.35)
                points.append((side * float(reach * np.cos(angle)), float(reach * np.sin(angle)) + MIDDLE[1]))
            canvas.bone(capsule(canvas.grid, points[0], points[1], 3.9), 1.5)


def spine(canvas: Canvas, skin: Array) -> None:
    grid, b = canvas.grid, canvas.cage[1]
    y = b + BACK
    disc = 0.5 + 0.5 * np.cos(2 * np.pi * canvas.level * LUNG_HEIGHT / 26 + canvas.patient.ribs)
    body = ellipse(grid, (0, y), (17.5, 14.5))
    canal = ellipse(grid, (0, y + 23), (9.5, 8))
    arch = joined(
        capsule(grid, (-11, y + 16), (0, y + 35), 3.6), capsule(grid, (11, y + 16), (0, y + 35), 3.6), 2
    )
    process = capsule(grid, (0, y + 34), (0, y + 34 + 14 * (1 - 0.6 * disc)), 3.4)
    muscles_of_the_back(canvas, y, skin)
    for side in (-1, 1):
        canvas.bone(capsule(grid, (side * 13, y + 18), (side * 34, y + 25), 3.8), 1.6)
        canvas.bone(capsule(grid, (side * 21, y + 6), (side * 37, y + 20), 3.8), 1.6)
    canvas.bone(joined(arch, process, 2), 1.6)
    canvas.bone(body, 1.5 + disc)
    canvas.paint(grid.coverage(canal), 20)


def muscles_of_the_back(canvas: Canvas, y: float, skin: Array) -> None:
    for side in (-1, 1):
        muscle = ellipse(canvas.grid, (side * 22, y + 42), (19, 14), side * 10)
        canvas.paint(0.8 * canvas.grid.coverage(np.maximum(np.abs(muscle) - 0.7, skin + 5)), FAT)


def sternum(canvas: Canvas) -> None:
    if 0.12 < canvas.level < 0.85:
        y = -canvas.cage[1] - 12
        half = 17 if canvas.level < 0.35 else 12
        canvas.bone(capsule(canvas.grid, (-half, y), (half, y), 5), 1.5)
        for side in (-1, 1):
            cartilage = capsule(canvas.grid, (side * (half + 9), y + 1), (side * (half + 22), y + 5), 4.5)
            canvas.paint(canvas.grid.coverage(cartilage), 110)


def scapulae(canvas: Canvas) -> None:
    if canvas.level > 0.55:
        return
    a, b = canvas.cage
    away = 17 + 10 * (0.55 - canvas.level)
    for side in (-1, 1):
        inner = (side * (0.60 * a + 2), 0.78 * b + away)
        outer = (side * (0.98 * a + away), 0.34 * b)
        gap = capsule(canvas.grid, inner, outer, 5.5)
        canvas.paint(0.7 * canvas.grid.coverage(gap), FAT + 60)
        canvas.bone(capsule(canvas.grid, inner, outer, 3.0), 1.3)
        if canvas.level < 0.3:
            canvas.bone(ellipse(canvas.grid, outer, (9, 7), side * 40), 1.8)
