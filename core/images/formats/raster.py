"""Images as Pillow reads them, a slice per page or frame, to 8-bit grey pixels by these rules:

======================  ==========================================================================
grey, 8 bit             as it is
grey, more bits         by the rules in grey_levels.py
1 bit                   0 and 255
RGB, CMYK, YCbCr        ITU-R 601-2 luma (Pillow's "L")
palette                 luma of its colours, never the raw indices
alpha                   composited over black, the background of a CT slice
TIFF                    pages, without reduced copies (thumbnails) and masks (NewSubfileType)
======================  ==========================================================================
"""

import io
import warnings
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from core.errors import UnreadableImage
from core.images.formats import png
from core.images.formats.decoded import Decoded, Facts
from core.images.formats.grey_levels import Scale, check_contrast, scale_of
from core.images.formats.limits import MAX_PIXELS, MAX_SCAN, MAX_SLICES, check_size
from core.images.formats.windowing import View
from core.types import Origin

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF", "PPM", "JPEG2000")
KINDS = "PNG, JPEG, TIFF, DICOM, NIfTI, NPY/NPZ, BMP, GIF, WebP, PGM or JPEG 2000"
SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".dib"),
    *(".webp", ".gif", ".pgm", ".ppm", ".pbm", ".pnm", ".jp2", ".j2k", ".j2c", ".jpx", ".jpf"),
)

PHOTOMETRIC, WHITE_IS_ZERO = 262, 0  # TIFF; Pillow inverts 8-bit values, but not 16-bit ones
BITS_PER_SAMPLE = 258  # TIFF; 1 if absent
SUBFILE, REDUCED, MASK = 254, 1, 4  # TIFF; bits of NewSubfileType

ImageFile.LOAD_TRUNCATED_IMAGES = False
# Warnings about odd metadata are of no use to a user; size limits are checked here. Set once per process, as
# catching warnings around each file is not thread-safe. A decompression bomb is an error.
warnings.filterwarnings("ignore", module=r"PIL\.")
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

AS_IT_IS = View()


def read_grey(data: bytes) -> np.ndarray:
    """The pixels, uint8 (H, W), of the first image in a file. Raises UnreadableImage with the reason."""
    return read(data).images[0]


def read(data: bytes, view: View = AS_IT_IS) -> Decoded:
    """All images of a file. Raises UnreadableImage with the reason."""
    if not data:
        raise UnreadableImage("the file is empty (0 bytes)")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            check_size(image.height, image.width)
            if image.mode == "P" and image.palette is None:
                raise UnreadableImage("damaged (its palette is missing)")
            origin = Origin(str(image.format), len(data), _bits(image, data))
            return _decoded([_values(frame, data) for frame in _frames(image)], origin, view)
    except UnreadableImage:
        raise
    except UnidentifiedImageError:
        raise UnreadableImage(f"not a {KINDS} image, despite its name") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableImage(f"more than {MAX_PIXELS // 10**6} million pixels") from None
    except MemoryError:
        raise UnreadableImage("the image needs more memory than available") from None
    except Exception as error:  # a decoder may raise anything on a broken file
        said = _words(error)
        if said.lower().startswith("unsupported"):
            raise UnreadableImage(
                f"a variant of its format that can't be read ({said}): save it as PNG"
            ) from None
        raise UnreadableImage(f"damaged or truncated ({said})") from None


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    """The image at each of its pages or frames, which share the limits of a scan."""
    number, pixels = 0, 0
    while True:
        if not int(getattr(image, "tag_v2", {}).get(SUBFILE, 0)) & (REDUCED | MASK):
            number, pixels = number + 1, pixels + image.width * image.height
            check_size(image.height, image.width)
            if number > MAX_SLICES or pixels > MAX_SCAN:
                raise UnreadableImage(
                    f"more than {MAX_SLICES} pages, or {MAX_SCAN // 2**20} MiB when decoded"
                )
            yield image
        try:
            image.seek(image.tell() + 1)  # one by one: a file may declare millions of pages
        except EOFError:
            return


def _values(image: Image.Image, data: bytes) -> np.ndarray:
    """The values (H, W) of the current frame: uint8, or whatever has more bits."""
    white_is_zero = getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO
    image.load()
    _check_lines(image, data)
    shown = ImageOps.exif_transpose(image)
    if shown.mode.startswith("I;16"):
        values = np.asarray(shown)
        return 65535 - values if white_is_zero and values.dtype.kind == "u" else values
    if shown.mode in ("I", "F"):
        values = np.asarray(shown)
        return values.astype(np.uint16) if image.format == "PPM" and shown.mode == "I" else values
    if shown.mode in ("PA", "P", "LA", "La", "RGBA", "RGBa") or "transparency" in shown.info:
        rgba = shown.convert("RGBA")
        shown = Image.alpha_composite(Image.new("RGBA", rgba.size, "black"), rgba)
    return np.asarray(shown.convert("L"), dtype=np.uint8).copy()


def _decoded(frames: list[np.ndarray], origin: Origin, view: View) -> Decoded:
    """All frames by one rule, as they belong to one scan."""
    if all(frame.dtype == np.uint8 for frame in frames):
        return Decoded(frames, Facts(origin))
    if len({frame.dtype for frame in frames}) != 1:
        raise UnreadableImage("its pages differ in depth: save each as a separate image")
    ends = np.array([end for frame in frames for end in (frame.min(), frame.max())], frames[0].dtype)
    scale = scale_of(ends, view)
    images = [scale.grey(frame) for frame in frames]
    if scale.window:
        check_contrast(images, float(ends.min()), float(ends.max()), scale.window)
    return Decoded(
        images,
        Facts(origin, windowed=scale.window is not None, scaled=_said(scale, origin), notes=scale.notes),
    )


def _said(scale: Scale, origin: Origin) -> str:
    """The range, if it had to be recognised: 16 bits of an image mean their full range."""
    return "" if origin.bits == 16 and not scale.window else scale.scaled


def _check_lines(image: Image.Image, data: bytes) -> None:
    """Pillow fills missing rows of a PNG with black. Counting is slow, so only if the last row is black."""
    if image.format != "PNG" or image.tell():
        return
    last = np.asarray(image.crop((0, image.height - 1, image.width, image.height)))
    if (png.header(data).interlaced or not last.any()) and not png.whole(data):
        raise UnreadableImage("damaged or truncated (pixel rows are missing)")


def _bits(image: Image.Image, data: bytes) -> int:
    """Bits per pixel in the file: Pillow opens a PNG with 2-bit grey or 16-bit colour as 8-bit."""
    if image.format == "PNG":
        return png.header(data).bits
    if image.format == "TIFF":
        return sum(getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (1,)))
    depth = {"1": 1, "I": 16 if image.format == "PPM" else 32, "F": 32}.get(image.mode)
    return depth or (16 if image.mode.startswith("I;16") else 8 * len(image.getbands()))


def _words(error: Exception) -> str:
    """Pillow's OSErrors are about pixels; other errors may quote the file's content, so only their type."""
    lines = str(error).strip().splitlines() if isinstance(error, OSError) else []
    return lines[0][:120] if lines else kind_of(error)


def kind_of(error: Exception) -> str:
    """An error's type, which contains nothing from the file: ``ValueError``, ``zlib.error``."""
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
