"""Signatures: a file's format by its first bytes, regardless of its name."""

GZIP = b"\x1f\x8b"
NIFTI_MAGIC, NIFTI_AT = (b"n+1\0", b"n+2\0"), (344, 4)  # nifti1.h, nifti2.h
RASTERS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")  # PNG, JPEG, TIFF of both byte orders
NPY_MAGIC, ZIP_MAGIC = b"\x93NUMPY", b"PK\3\4"
DICOM_MAGIC, DICOM_AT = b"DICM", 128  # PS3.10, 7.1


def is_gzip(data: bytes) -> bool:
    return data.startswith(GZIP)


def is_nifti(data: bytes) -> bool:
    """A NIfTI file, or a gzip file: no other supported format is compressed with gzip."""
    return is_gzip(data) or any(data[at : at + 4] in NIFTI_MAGIC for at in NIFTI_AT)


def is_dicom(data: bytes) -> bool:
    return data[DICOM_AT : DICOM_AT + 4] == DICOM_MAGIC


def is_npy(data: bytes) -> bool:
    return data.startswith(NPY_MAGIC)


def is_numpy(data: bytes) -> bool:
    """An NPY file or a zip archive; a single file of an import that is a zip archive is an NPZ."""
    return data.startswith((NPY_MAGIC, ZIP_MAGIC))


def is_readable(data: bytes) -> bool:
    """Whether the first bytes are those of a supported image; for files whose extension is unknown."""
    return data.startswith(RASTERS) or is_dicom(data) or is_npy(data)
