"""``python -m demo``: put the demo set into an empty library, so that there is something to see."""

import sys

from core.errors import ImprintError
from core.images.library import Library
from core.values import ImageFile, ImageSet
from demo.textures import textures

NAME = "Demo textures"


def install(library: Library) -> bool:
    """Add the demo set; False if it is here already."""
    files = [
        ImageFile(path, library.add_pixels(pixels), label=path.split("/")[0])
        for path, pixels in sorted(textures().items())
    ]
    return library.add(ImageSet(NAME, "generators", tuple(files)))


def main() -> int:
    library = Library()
    if library.names():
        return 0
    try:
        install(library)
    except ImprintError as error:
        print(f"imprint: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
