"""Limits on untrusted files, each checked before the work that it bounds."""

from core.errors import UnreadableImage

MIN_SIDE = 16  # px
MAX_PIXELS = 64_000_000  # of one image
MAX_SLICES = 4_096  # of one scan
MAX_SCAN = 512 * 2**20  # bytes of one scan's values, decoded

SECONDS = 10  # for decoding one file
DEEPEST = 128  # bits per value; the largest in NIfTI and DICOM


def check_size(height: int, width: int) -> None:
    """Raises UnreadableImage for an image that is too large or too small; sides in px."""
    if width * height > MAX_PIXELS:
        raise UnreadableImage(f"{width} x {height} pixels: more than {MAX_PIXELS // 10**6} million")
    if min(width, height) < MIN_SIDE:
        raise UnreadableImage(f"{width} x {height} pixels: too small, the minimum is {MIN_SIDE} x {MIN_SIDE}")


def check_scan(size: tuple[int, int], slices: int, bits: int) -> None:
    """Raises UnreadableImage for a scan that is too large: (H, W) in px, number of slices, bits per pixel."""
    check_size(*size)
    if not 1 <= slices <= MAX_SLICES:
        raise UnreadableImage(f"{slices} frames or slices in one file: 1 to {MAX_SLICES} are accepted")
    if not 1 <= bits <= DEEPEST:
        raise UnreadableImage(f"{bits} bits per pixel: 1 to {DEEPEST} are accepted")
    total = size[0] * size[1] * slices * bits // 8
    if total > MAX_SCAN:
        raise UnreadableImage(
            f"{-(-total // 2**20):,} MiB when decoded: at most {MAX_SCAN // 2**20} MiB are accepted. Split it"
        )
