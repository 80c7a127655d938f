"""A real slice beside the generated images that are nearest to it, and what differs between them."""

import html
from collections.abc import Mapping

from core.battery.alignment import Aligned, align, difference
from core.errors import ImprintError
from core.release.result import Exposed
from core.types import ImageFile, Role
from pages.ui.session import workspace
from pages.ui.theme import GREY, ROLES, UNKNOWN
from pages.ui.widgets import gallery

WHITE = 128  # grey levels of a difference that is drawn white
SIDE = 256  # px sent for an image that is drawn at up to 150


def card(each: Exposed, names: Mapping[str, str]) -> str:
    """HTML of one named slice; ``names``: of the data set's files by hash."""
    library = workspace.library()
    role = gallery.ROLE_OF.get(Role(each.role), UNKNOWN)
    try:
        real = library.pixels(each.sha256)
        near = [library.pixels(sha) for sha in each.nearest]
    except ImprintError as error:
        return f'<div class="person">{html.escape(str(error))}</div>'
    told = "exact copy" if each.copy else f"p = {each.p_value:.3f}"
    tiles = [gallery.figure(real, [short(each.name), f"{role}, {told}"], ROLES[role], each.name, SIDE)]
    if near:
        laid = align(real, near[0])
        first = [short(names.get(each.nearest[0], "")), "nearest generated"]
        tiles.append(gallery.figure(near[0], first, ROLES["generated"], first[0], SIDE))
        apart = difference(real, laid.pixels, WHITE)
        tiles.append(gallery.figure(apart, ["difference", _moves(laid)], GREY, "difference", SIDE))
    small = [
        gallery.figure(pixels, [], ROLES["generated"], names.get(sha, "generated"))
        for sha, pixels in zip(each.nearest[1:], near[1:], strict=True)
    ]
    return f'<div class="person">{"".join(tiles)}<div class="next">{"".join(small)}</div></div>'


def generated(file: ImageFile) -> str:
    """HTML of one generated image."""
    pixels = workspace.library().pixels(file.sha256)
    return gallery.figure(pixels, [short(file.name)], ROLES["generated"], file.name)


def short(name: str) -> str:
    """A file's name without its folders."""
    return name.rsplit("/", 1)[-1]


def _moves(laid: Aligned) -> str:
    """How the generated image was laid over the real one."""
    if not laid.moved:
        return "as they are"
    ways = [(laid.down, "down", "up"), (laid.right, "right", "left")]
    moves = [f"{abs(by)} px {more if by > 0 else less}" for by, more, less in ways if by]
    return ", ".join([*(["mirrored"] if laid.mirrored else []), *moves])
