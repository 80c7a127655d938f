"""PNG, JPEG and TIFF to 8-bit grey pixels, by these rules:

======================  ==========================================================================
grey, 8 bit             as it is
grey, 16 bit            v / 257 rounded: the full range 0..65535 to 0..255, never clipped
1 bit                   0 and 255
RGB, CMYK, YCbCr        ITU-R 601-2 luma (Pillow's "L")
palette                 luma of its colours, never the raw indices
alpha                   composited over black, the background of a CT slice
32-bit float or int     rejected: no fixed range to scale from
several pages           rejected: one image per file
======================  ==========================================================================
"""

import io
import warnings

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from core.errors import UnreadableImage
from core.images.formats import png
from core.images.formats.limits import MAX_PIXELS, check_size
from core.types import Origin

FORMATS = ("PNG", "JPEG", "TIFF")
KINDS = "PNG, JPEG, TIFF, DICOM, NIfTI or NPY/NPZ"
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")

PHOTOMETRIC, WHITE_IS_ZERO = 262, 0  # TIFF; Pillow inverts 8-bit values, but not 16-bit ones
BITS_PER_SAMPLE = 258  # TIFF; 1 if absent

ImageFile.LOAD_TRUNCATED_IMAGES = False
# Warnings about odd metadata are of no use to a user; size limits are checked here. Set once per process, as
# catching warnings around each file is not thread-safe. A decompression bomb is an error.
warnings.filterwarnings("ignore", module=r"PIL\.")
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def read_grey(data: bytes) -> np.ndarray:
    """The pixels, uint8 (H, W), of an image file's bytes. Raises UnreadableImage with the reason."""
    return read(data)[0]


def read(data: bytes) -> tuple[np.ndarray, Origin]:
    """The pixels, uint8 (H, W), and the origin of an image file. Raises UnreadableImage with the reason."""
    if not data:
        raise UnreadableImage("the file is empty (0 bytes)")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check(image, data)
            origin = Origin(str(image.format), len(data), _bits(image, data))
            white_is_zero = getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO
            image.load()
            _check_lines(image, data)
            return _grey(ImageOps.exif_transpose(image), white_is_zero), origin
    except UnreadableImage:
        raise
    except UnidentifiedImageError:
        raise UnreadableImage(f"not a {KINDS} image, despite its name") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableImage(f"more than {MAX_PIXELS // 10**6} million pixels") from None
    except MemoryError:
        raise UnreadableImage("the image needs more memory than available") from None
    except Exception as error:  # a decoder may raise anything on a broken file
        raise UnreadableImage(f"damaged or truncated ({_words(error)})") from None


def _check(image: Image.Image, data: bytes) -> None:
    check_size(image.height, image.width)
    try:
        image.seek(1)  # no further: a file may have millions of pages
    except EOFError:
        image.seek(0)
    else:
        raise UnreadableImage("several pages in one file: save each as a separate image")
    if image.mode == "P" and image.palette is None:
        raise UnreadableImage("damaged (its palette is missing)")


def _check_lines(image: Image.Image, data: bytes) -> None:
    """Pillow fills missing rows of a PNG with black. Counting is slow, so only if the last row is black."""
    if image.format != "PNG":
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
    return 8 * len(image.getbands())


def _grey(image: Image.Image, white_is_zero: bool) -> np.ndarray:
    if image.mode.startswith("I;16"):
        if image.mode.endswith("S"):
            raise UnreadableImage("signed 16-bit values have no fixed range: apply a window before export")
        values = np.asarray(image)
        return scale_16_bit(65535 - values if white_is_zero else values)
    if image.mode in ("I", "F"):
        raise UnreadableImage("32-bit values have no fixed range: save it with 8 or 16 bits")
    if image.mode in ("PA", "P", "LA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "black"), rgba)
    return np.asarray(image.convert("L"), dtype=np.uint8).copy()


def scale_16_bit(values: np.ndarray) -> np.ndarray:
    """uint16 0..65535 to uint8 0..255 of the same shape; 257 = 65535 / 255, so that white stays white."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _words(error: Exception) -> str:
    """Pillow's OSErrors are about pixels; other errors may quote the file's content, so only their type."""
    lines = str(error).strip().splitlines() if isinstance(error, OSError) else []
    return lines[0][:120] if lines else kind_of(error)


def kind_of(error: Exception) -> str:
    """An error's type, which contains nothing from the file: ``ValueError``, ``zlib.error``."""
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
