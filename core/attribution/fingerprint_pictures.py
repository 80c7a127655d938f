"""Pictures of a fingerprint for a slide or a report: mean residual, spectrum and autocorrelation of a
generator, and the differences of two. Drawn by Pillow."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.attribution.fingerprints import Fingerprint, Pair

PANEL = 480  # px a side
EDGE, TITLE = 24, 56  # px between panels, and above them
INK, MARK, GREY, BAND, POINT = "#1a1a1a", "#d62728", "#707070", "#d0d7de", "#a8b3bf"
MARKED = 24  # peaks with a ring; the strongest has its period beside it


def picture(found: Fingerprint) -> Image.Image:
    """RGB, three panels side by side: the mean residual (mid-grey is none), the log spectrum with its peaks,
    and the autocorrelation of the mean residual."""
    mean, power, correlation = (
        found.residuals.mean,
        found.residuals.power,
        found.residuals.autocorrelation,
    )
    most = float(np.percentile(abs(mean), 99.5)) or 1.0
    centre = tuple(side // 2 for side in correlation.shape)
    others = np.delete(correlation.ravel(), centre[0] * correlation.shape[1] + centre[1])
    alike = float(np.percentile(abs(others), 99.5)) or 1.0
    low, high = np.percentile(power, [1, 99.9])
    cell = "no grid" if found.period is None else f"grid of {found.period:.3g} px"
    panels = [
        (_grey(mean, -most, most), f"Mean residual, ±{most:.2f} grey levels"),
        (_marked(_grey(power, low, max(high, low + 1e-6)), found), f"Spectrum (log), {cell}"),
        (_grey(correlation, -alike, alike), f"Autocorrelation, ±{alike:.2f}"),
    ]
    title = f"{found.generator}, {found.n:,} images"
    whole = Image.new("RGB", (3 * PANEL + 4 * EDGE, PANEL + 2 * TITLE + EDGE), "white")
    draw = ImageDraw.Draw(whole)
    draw.text((EDGE, 16), title, INK, _font(26))
    for place, (panel, words) in enumerate(panels):
        left = EDGE + place * (PANEL + EDGE)
        draw.text((left, TITLE + 18), words, GREY, _font(20))
        whole.paste(panel, (left, 2 * TITLE))
    return whole


def _grey(values: np.ndarray, low: float, high: float) -> Image.Image:
    """A panel; enlarged by whole pixels where that fits, since a grid must not be smoothed away."""
    levels = ((values - low) / (high - low) * 255).clip(0, 255).round().astype(np.uint8)
    small = Image.fromarray(levels)
    larger = max(small.size) < PANEL
    way = Image.Resampling.NEAREST if larger else Image.Resampling.BOX
    scale = PANEL / max(small.size)
    size = (max(1, round(small.width * scale)), max(1, round(small.height * scale)))
    panel = Image.new("RGB", (PANEL, PANEL), "white")
    panel.paste(small.resize(size, way), (0, 0))
    return panel


def _marked(panel: Image.Image, found: Fingerprint) -> Image.Image:
    """Rings at the peaks, and at their mirror images."""
    draw = ImageDraw.Draw(panel)
    height, width = found.residuals.power.shape
    scale = PANEL / max(height, width)
    for number, peak in enumerate(found.peaks[:MARKED]):
        for sign in (1, -1):
            x = ((sign * peak.x + width // 2) % width + 0.5) * scale
            y = ((sign * peak.y + height // 2) % height + 0.5) * scale
            draw.ellipse((x - 8, y - 8, x + 8, y + 8), outline=MARK, width=2)
            if number == 0 and sign == 1:
                at = (min(x + 12, PANEL - 80), min(max(y - 12, 0), PANEL - 24))
                draw.text(at, f"{peak.period:.3g} px", MARK, _font(20))
    return panel


def difference_picture(pair: Pair) -> Image.Image:
    """RGB: the difference of the radial spectra over the frequency, with both bands of chance."""
    wide, high = 2 * PANEL, PANEL
    image = Image.new("RGB", (wide + 4 * EDGE, high + 2 * TITLE + EDGE), "white")
    draw = ImageDraw.Draw(image)
    value, point, band = pair.difference.value, pair.difference.point, pair.difference.band
    most = float(max(abs(value).max(), band.max())) * 1.05
    x = 3 * EDGE + np.arange(len(value)) / max(1, len(value) - 1) * wide

    def y(values: np.ndarray) -> np.ndarray:
        return TITLE + 18 + (1 - values / most) * (high - 18) / 2

    for half, colour in ((band, BAND), (point, POINT)):
        outline = [*zip(x, y(half), strict=True), *zip(x[::-1], y(-half)[::-1], strict=True)]
        draw.polygon(outline, fill=colour)
    draw.line([(x[0], float(y(np.zeros(1))[0])), (x[-1], float(y(np.zeros(1))[0]))], GREY, 1)
    draw.line(list(zip(x, y(value), strict=True)), MARK, 3)
    draw.text((EDGE, 12), f"{pair.first} less {pair.second}: power of residuals, log10", INK, _font(24))
    for text, at in ((f"{most:.2g}", most), ("0", 0.0), (f"-{most:.2g}", -most)):
        draw.text((4, float(y(np.array([at]))[0]) - 10), text, GREY, _font(18))
    bottom = TITLE + high + 8
    for share, words in ((0.0, "coarse"), (0.5, "4 px"), (1.0, "2 px")):
        draw.text((3 * EDGE + share * wide - 24, bottom), words, GREY, _font(18))
    draw.text(
        (3 * EDGE, bottom + 28),
        "Grey: 95% of what chance gives, at one frequency (dark) and at all of them (light)",
        GREY,
        _font(18),
    )
    return image


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
