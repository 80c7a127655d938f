"""Signatures: a file's format by its first bytes, regardless of its name."""

GZIP = b"\x1f\x8b"
NIFTI_MAGIC, NIFTI_AT = (b"n+1\0", b"n+2\0"), (344, 4)  # nifti1.h, nifti2.h
RASTERS = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a"),
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),  # TIFF and BigTIFF of both byte orders
    *(b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),  # JPEG 2000: file and codestream
)
BMP_MAGIC, BMP_RESERVED = b"BM", slice(6, 10)  # two letters are too few: the reserved bytes are zero as well
RIFF, WEBP, WEBP_AT = b"RIFF", b"WEBP", slice(8, 12)
NETPBM = (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6")  # then white space and digits
NPY_MAGIC, ZIP_MAGIC = b"\x93NUMPY", b"PK\3\4"
DICOM_MAGIC, DICOM_AT = b"DICM", 128  # PS3.10, 7.1
FIRST_VRS = (b"UL", b"UI", b"CS", b"DA", b"LO", b"OB", b"SH")  # of the first element
FIRST_LENGTH = 128  # bytes; of the first element, if its VR is implicit


def is_gzip(data: bytes) -> bool:
    return data.startswith(GZIP)


def is_nifti(data: bytes) -> bool:
    """A NIfTI file, or a gzip file: no other supported format is compressed with gzip."""
    return is_gzip(data) or any(data[at : at + 4] in NIFTI_MAGIC for at in NIFTI_AT)


def is_dicom(data: bytes) -> bool:
    """A DICOM file, also one that begins with its first element: without preamble or meta header."""
    return data[DICOM_AT : DICOM_AT + 4] == DICOM_MAGIC or _is_first_element(data)


def _is_first_element(data: bytes) -> bool:
    """Whether an element of group 2 or 8 opens the data: its tag, then a VR or a short length."""
    little = data[:2] in (b"\2\0", b"\x08\0") and data[3:4] == b"\0"
    big = data[:3] in (b"\0\2\0", b"\0\x08\0")
    short = len(data) >= 8 and int.from_bytes(data[4:8], "little") <= FIRST_LENGTH
    return ((little or big) and data[4:6] in FIRST_VRS) or (little and short)


def is_npy(data: bytes) -> bool:
    return data.startswith(NPY_MAGIC)


def is_numpy(data: bytes) -> bool:
    """An NPY file or a zip archive; a single file of an import that is a zip archive is an NPZ."""
    return data.startswith((NPY_MAGIC, ZIP_MAGIC))


def is_raster(data: bytes) -> bool:
    """An image file that Pillow reads."""
    netpbm = data.startswith(NETPBM) and data[2:3].isspace() and data[2:].lstrip()[:1] in b"#0123456789"
    bmp = data.startswith(BMP_MAGIC) and data[BMP_RESERVED] == bytes(4)
    webp = data.startswith(RIFF) and data[WEBP_AT] == WEBP
    return data.startswith(RASTERS) or webp or bmp or netpbm


def is_readable(data: bytes) -> bool:
    """Whether the first bytes are those of a supported image; for files whose extension is unknown."""
    nifti = not is_gzip(data) and is_nifti(data)
    return is_raster(data) or is_dicom(data) or is_npy(data) or nifti
