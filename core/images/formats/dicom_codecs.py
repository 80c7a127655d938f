"""Compressed DICOM pixels, decoded with imagecodecs as a plugin of pydicom.

=============================  ===================================================================
JPEG Baseline, Extended 8 bit  pydicom's own plugin (Pillow)
JPEG Extended 12 bit           imagecodecs (libjpeg-turbo)
JPEG Lossless                  imagecodecs (libjpeg-turbo), the most usual compression in a PACS
JPEG-LS                        imagecodecs (CharLS), lossless and near-lossless
JPEG 2000, HTJ2K               imagecodecs (OpenJPEG); Pillow's plugin fails on some valid files
RLE, deflated, big endian      pydicom itself
=============================  ===================================================================

Source: pydicom's documentation, "Decoding plugins"; DICOM PS3.5, 8.2 and A.4.
"""

import imagecodecs
import numpy as np
from pydicom import uid
from pydicom.pixels import get_decoder
from pydicom.pixels.common import PhotometricInterpretation
from pydicom.pixels.decoders.base import DecodeRunner

LABEL = "imagecodecs"
JPEG = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1)
JPEG_LS = (uid.JPEGLSLossless, uid.JPEGLSNearLossless)
JPEG_2000 = (uid.JPEG2000Lossless, uid.JPEG2000, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K)
DECODER_DEPENDENCIES = dict.fromkeys((*JPEG, *JPEG_LS, *JPEG_2000), (LABEL,))


def is_available(syntax: str) -> bool:
    """Whether the plugin decodes a transfer syntax; part of pydicom's interface of a plugin."""
    return syntax in DECODER_DEPENDENCIES


def decode_frame(src: bytes, runner: DecodeRunner) -> bytearray:
    """The decoded bytes of one encoded frame; options that the codec changed are set on the runner."""
    pixels = _decoded(src, runner.transfer_syntax)
    runner.set_option("bits_allocated", pixels.dtype.itemsize * 8)
    runner.set_option("planar_configuration", 0)
    if runner.photometric_interpretation in (
        PhotometricInterpretation.YBR_ICT,
        PhotometricInterpretation.YBR_RCT,
    ):
        runner.set_option("photometric_interpretation", PhotometricInterpretation.RGB)
    return bytearray(pixels.tobytes())


def _decoded(src: bytes, syntax: str) -> np.ndarray:
    if syntax in JPEG_LS:
        return imagecodecs.jpegls_decode(src)
    if syntax in JPEG_2000:
        return imagecodecs.jpeg2k_decode(src)
    return imagecodecs.jpeg8_decode(src)


def register() -> None:
    """Add the plugin to pydicom, in place of Pillow for JPEG 2000 and after it for JPEG."""
    for syntax in DECODER_DEPENDENCIES:
        decoder = get_decoder(syntax)
        if LABEL in decoder.available_plugins:
            return
        if syntax in JPEG_2000 and "pillow" in decoder.available_plugins:
            decoder.remove_plugin("pillow")
        decoder.add_plugin(LABEL, (__name__, decode_frame.__name__))
