"""The size limit of the store."""

import os

from core.errors import BadChoice

GIB = 2**30


def default_quota() -> int:
    """Bytes, from IMPRINT_QUOTA_GB. Raises BadChoice."""
    text = os.environ.get("IMPRINT_QUOTA_GB", "20")
    try:
        gigabytes = float(text)
    except ValueError:
        gigabytes = -1
    if not 0 < gigabytes < float("inf"):
        raise BadChoice(f"IMPRINT_QUOTA_GB must be a number above 0; got '{text}'.")
    return int(gigabytes * GIB)
