"""Inside the chest: lungs and their vessels, heart, great vessels, airways, and the diaphragm."""

import numpy as np
from scipy.ndimage import gaussian_filter

from demo.phantom import vessels
from demo.phantom.canvas import AIR, BACK, FAT, LIVER, MIDDLE, MUSCLE, Canvas
from demo.phantom.patient import LUNG_HEIGHT
from demo.phantom.shapes import Array, capsule, ellipse, joined, polar, superellipse, without

SLICE_THICKNESS = 5.0  # mm
WALL = 1.8  # of an airway, mm


def outline(canvas: Canvas) -> tuple[Array, Array]:
    """Signed distance to the lungs without mediastinum and diaphragm, and the coverage of its domes."""
    radius, angle = polar(canvas.grid, MIDDLE)
    cavity = radius - superellipse(angle, canvas.cage, 2.35)
    return diaphragm(canvas, without(cavity, middle(canvas)))


def middle(canvas: Canvas) -> Array:
    """The mediastinum as one smooth shape."""
    grid, level, b = canvas.grid, canvas.level, canvas.cage[1]
    front = ellipse(grid, (2, -b), (14 + 30 * abs(level - 0.35), 40))
    width = 0.62 + 0.38 * min(1, level / 0.3)
    vessels_ = ellipse(grid, (2, -20), (44 * width * fits(canvas), 50))
    spine = ellipse(grid, (0, b - 24), (25, 30))
    gullet = capsule(grid, (6, 0), (6, b - 24), 19)
    shape = joined(joined(front, vessels_, 12), joined(spine, gullet, 12), 10)
    if level > 0.45:
        shape = joined(shape, heart(canvas, 1.06), 8)
    return shape


def heart(canvas: Canvas, share: float = 1) -> Array:
    centre, half, degrees = canvas.patient.heart
    growth = share * np.sqrt(np.clip((canvas.level - 0.42) / 0.2, 0.05, 1)) * fits(canvas)
    return ellipse(canvas.grid, centre, (half[0] * growth, half[1] * growth), degrees)


def fits(canvas: Canvas) -> float:
    """Scale of the heart: smaller in a narrow chest."""
    return min(1.0, canvas.cage[0] / 118)


def diaphragm(canvas: Canvas, lungs: Array) -> tuple[Array, Array]:
    """The lungs without the domes over liver (right) and spleen (left, lower), and the domes' coverage."""
    p, (a, b) = canvas.patient, canvas.cage
    domes = np.zeros_like(canvas.hu)
    for side, start in ((-1, p.liver), (1, p.liver + 0.06)):
        above = canvas.level - start
        if above <= 0:
            continue
        grown = min(0.93, 0.95 * np.sqrt(above / 0.22))
        dome = ellipse(canvas.grid, (side * 0.48 * a, -0.16 * b), (0.56 * a * grown, 0.9 * b * grown))
        domes = np.maximum(domes, canvas.grid.coverage(np.maximum(dome, lungs - 2)))
        lungs = without(lungs, dome)
    return lungs, domes


def mediastinum(canvas: Canvas) -> None:
    """Fat, and in it the great vessels of this level, the oesophagus and the heart."""
    p, grid, level = canvas.patient, canvas.grid, canvas.level
    inside = grid.coverage(np.maximum(middle(canvas), polar(grid, MIDDLE)[0] - canvas.cage[1] + 6))
    spare = grid.coverage(-ellipse(grid, (0, canvas.cage[1] + BACK), (18.5, 15.5)))
    canvas.paint(inside * spare, FAT + 25)
    descending = (p.aorta + 7, canvas.cage[1] - 46)
    blood: list[Array] = []
    if level < 0.26:
        for x, y, r in ((-22, -22, 8), (-8, -28, 6), (9, -20, 5), (19, -12, 5.5)):
            blood.append(ellipse(grid, (x, y), (r, r)))
    elif level < 0.36:
        blood.append(capsule(grid, (-10, -32), (descending[0] - 2, descending[1] - 18), p.aorta))
        blood.append(ellipse(grid, (-24, -20), (8, 9)))
    else:
        blood.append(ellipse(grid, (-13, -30), (p.aorta * 1.2, p.aorta * 1.15)))
        blood.append(ellipse(grid, (-31, -20), (8, 9)))
        if level < 0.56:
            blood.append(capsule(grid, (14, -34), (30, -2), p.aorta * 0.95))
            blood.append(capsule(grid, (16, -12), (-30, -6), 7.5))
    if level > 0.34:
        blood.append(ellipse(grid, descending, (p.aorta, p.aorta)))
    for shape in blood:
        canvas.paint(grid.coverage(shape), p.contrast)
    if level > 0.45:
        canvas.paint(grid.coverage(heart(canvas) - 2.5), FAT + 40)
        canvas.paint(grid.coverage(heart(canvas)), MUSCLE)
        canvas.paint(0.9 * grid.coverage(heart(canvas, 0.8)), 0.75 * p.contrast + 12)
    canvas.paint(grid.coverage(ellipse(grid, (3, canvas.cage[1] - 51), (8, 5))), 35)


def fill(canvas: Canvas, lungs: Array, domes: Array) -> None:
    """Lung tissue, domes, fissures, vessels and findings."""
    p, grid = canvas.patient, canvas.grid
    inside = grid.coverage(lungs)
    rng = np.random.default_rng((*p.seed, 3, round(canvas.level * LUNG_HEIGHT)))
    mottle = gaussian_filter(rng.standard_normal(canvas.hu.shape), 2.2)
    mottle = p.mottle * mottle / mottle.std()
    parenchyma = p.lung + p.gradient * np.clip(grid.y / canvas.cage[1], -1, 1) + mottle
    canvas.paint(inside, parenchyma)
    canvas.paint(domes, LIVER)
    fissures(canvas, lungs)
    margin = np.clip(-lungs / 6, 0, 1)
    for tree in p.trees:
        filled = vessels.coverage(grid, tree, canvas.level * LUNG_HEIGHT, SLICE_THICKNESS)
        canvas.paint(filled * margin * inside, 40)
    findings(canvas, inside)


def fissures(canvas: Canvas, lungs: Array) -> None:
    """The oblique fissure of each lung: a plane that rises to the back, a thin line in each slice."""
    a, b = canvas.cage
    inside = canvas.grid.coverage(lungs + 1)
    for side, offset in ((-1, 0.1), (1, 0.0)):
        y = b * (1.1 - 2.1 * (canvas.level + offset)) + 0.12 * (np.abs(canvas.grid.x) - 0.5 * a)
        near = np.abs(canvas.grid.y + y) - 0.35
        half = canvas.grid.x * side > 0
        canvas.paint(0.28 * canvas.grid.coverage(near) * inside * half, -500)


def findings(canvas: Canvas, inside: Array) -> None:
    for finding in canvas.patient.findings:
        away = (canvas.level * LUNG_HEIGHT - finding.centre[2]) / max(finding.half)
        if abs(away) >= 1:
            continue
        shrunk = float(np.sqrt(1 - away * away))
        half = finding.half[0] * shrunk, finding.half[1] * shrunk
        shape = ellipse(canvas.grid, finding.centre[:2], half)
        canvas.paint(canvas.grid.coverage(shape) * inside, 30)
        if finding.hollow and shrunk > 0.6:
            core = ellipse(canvas.grid, finding.centre[:2], (0.6 * half[0], 0.6 * half[1]))
            canvas.paint(canvas.grid.coverage(core) * inside, AIR + 40)


def airways(canvas: Canvas, lungs: Array) -> Array:
    """The trachea or, below the carina, the main bronchi with thin walls; returns the lungs without them."""
    r, grid, level = canvas.patient.trachea, canvas.grid, canvas.level
    back = canvas.cage[1] - 66
    lumens: list[Array] = []
    if level < 0.42:
        lumens.append(ellipse(grid, (-2, back), (r, r * 1.05)))
    elif level < 0.62:
        apart = 12 + 110 * (level - 0.42)
        for side in (-1, 1):
            centre = (-2 + side * apart, back + 6 + 20 * (level - 0.42))
            lumens.append(ellipse(grid, centre, (r * 0.85, r * 0.62), side * 30))
    for lumen in lumens:
        canvas.paint(grid.coverage(lumen - WALL), 20)
        canvas.paint(grid.coverage(lumen), AIR)
        lungs = without(lungs, lumen - WALL)
    return lungs
