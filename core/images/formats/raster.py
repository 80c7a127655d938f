"""One file's bytes to 8-bit grey pixels, each kind of file by a stated rule.

======================  ==========================================================================
grey, 8 bit             as it is
grey, 16 bit            v / 257 rounded: the full range 0..65535 to 0..255, never clipped
1 bit                   0 and 255
RGB, CMYK, YCbCr        ITU-R 601-2 luma (Pillow's "L")
palette                 its colours, then luma; never the raw indices
alpha                   laid over black, the background of a CT slice
32-bit float or int     refused: these have no fixed range to scale from
several pages           refused: one image a file
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

PHOTOMETRIC, WHITE_IS_ZERO = 262, 0  # of TIFF; Pillow turns 8-bit values round itself, not 16-bit ones
BITS_PER_SAMPLE = 258  # of TIFF; absent means 1

ImageFile.LOAD_TRUNCATED_IMAGES = False
# Pillow's remarks on odd metadata are none of a user's business; the limits here are ours. Once for the
# process: catching warnings around each file is not safe in threads. A bomb is more than a remark.
warnings.filterwarnings("ignore", module=r"PIL\.")
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def read_grey(data: bytes) -> np.ndarray:
    """uint8 (H, W) of an image file's bytes. Raises UnreadableImage with the reason."""
    return read(data)[0]


def read(data: bytes) -> tuple[np.ndarray, Origin]:
    """The same, and what the file was."""
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
        raise UnreadableImage(f"not a {KINDS} image, whatever its name") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableImage(f"more than {MAX_PIXELS // 10**6} million pixels") from None
    except MemoryError:
        raise UnreadableImage("the image needs more memory than available") from None
    except Exception as error:  # a decoder may raise anything on a broken file
        raise UnreadableImage(f"damaged or truncated ({_words(error)})") from None


def _check(image: Image.Image, data: bytes) -> None:
    check_size(image.height, image.width)
    try:
        image.seek(1)  # and no further: a file may chain millions of pages
    except EOFError:
        image.seek(0)
    else:
        raise UnreadableImage("several pages in one file: save each as a separate image")
    if image.mode == "P" and image.palette is None:
        raise UnreadableImage("damaged (its colours are missing)")


def _check_lines(image: Image.Image, data: bytes) -> None:
    """Pillow leaves black what a PNG lacks at its end. Counting is slow, so only where the end is black."""
    if image.format != "PNG":
        return
    last = np.asarray(image.crop((0, image.height - 1, image.width, image.height)))
    if (png.header(data).interlaced or not last.any()) and not png.whole(data):
        raise UnreadableImage("damaged or truncated (its lines end too early)")


def _bits(image: Image.Image, data: bytes) -> int:
    """Bits a pixel as the file says: Pillow opens a PNG of 2-bit grey or 16-bit colour as one of 8 bits."""
    if image.format == "PNG":
        return png.header(data).bits
    if image.format == "TIFF":
        return sum(getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (1,)))
    return 8 * len(image.getbands())


def _grey(image: Image.Image, white_is_zero: bool) -> np.ndarray:
    if image.mode.startswith("I;16"):
        if image.mode.endswith("S"):
            raise UnreadableImage("signed 16-bit values have no fixed range: apply a window first")
        values = np.asarray(image)
        return scale_16_bit(65535 - values if white_is_zero else values)
    if image.mode in ("I", "F"):
        raise UnreadableImage("32-bit values have no fixed range: save it with 8 or 16 bits")
    if image.mode in ("PA", "P", "LA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "black"), rgba)
    return np.asarray(image.convert("L"), dtype=np.uint8).copy()


def scale_16_bit(values: np.ndarray) -> np.ndarray:
    """uint16 0..65535 to uint8 0..255: 257 = 65535 / 255, so that white stays white and 8 bits survive."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _words(error: Exception) -> str:
    """Pillow's OSErrors are about pixels; other errors may quote what stands in the file."""
    lines = str(error).strip().splitlines() if isinstance(error, OSError) else []
    return lines[0][:120] if lines else kind_of(error)


def kind_of(error: Exception) -> str:
    """An error's type, in words that hold nothing of the file: ``ValueError``, ``zlib.error``."""
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
