"""Checks everything under IMPRINT_HOME: damaged files are quarantined, leftovers removed."""

from dataclasses import asdict, dataclass

from core import paths
from core.features.custom import registry
from core.files import remove_parts
from core.images import repair as images
from core.images.repair import Checked
from core.membership.reconstruction import checkpoints
from core.store import Store
from core.store import repair as stores
from core.store.repair import Repaired
from core.wording import counted

QUARANTINE = "quarantine"  # for images and manifests; the store has its own


@dataclass(frozen=True)
class Report:
    """``parts``: partial files of dead writers; ``networks``: ONNX files inspected and never added."""

    store: Repaired
    library: Checked
    parts: int
    networks: int

    def as_json(self) -> dict[str, object]:
        return {
            **asdict(self.store),
            **asdict(self.library),
            "parts": self.parts,
            "networks": self.networks,
        }

    @property
    def changed(self) -> bool:
        store, library = self.store, self.library
        done = (store.damaged, store.missing, store.leftovers, store.rows, store.index_replaced)
        return any((*done, library.images_damaged, library.sets_damaged, self.parts, self.networks))

    def lines(self) -> list[str]:
        """What was done, one sentence per line."""
        store, library = self.store, self.library
        lines = [
            f"Cache: {counted(store.entries, 'entry', 'entries')} intact; {store.damaged} damaged and "
            f"quarantined, {store.missing} without a file removed, {counted(store.leftovers, 'leftover')} "
            f"and {counted(store.rows, 'index row')} removed.",
            f"Library: {counted(library.images, 'image')} and {counted(library.sets, 'data set')} intact; "
            f"{counted(library.images_damaged, 'image')} and {counted(library.sets_damaged, 'data set')} "
            "damaged and quarantined.",
        ]
        if store.index_replaced:
            lines.append(
                "The cache index could not be read and was rebuilt; results will be recomputed when needed."
            )
        if self.parts or self.networks:
            lines.append(
                f"{counted(self.parts, 'partial file')} and {counted(self.networks, 'unused network file')} "
                "removed."
            )
        if library.incomplete:
            lines.append(
                f"Images are missing from {', '.join(library.incomplete)}: import these data sets again."
            )
        return lines


def repair(store: Store | None = None) -> Report:
    """Safe to run concurrently and repeatedly. ``store``: the one that this process has open, if any."""
    root = paths.root()
    paths.make_folder(root)
    opened, replaced = (store, False) if store else stores.opened()
    try:
        repaired = stores.repair(opened, replaced)
    finally:
        if store is None:
            opened.close()
    library = images.repair(root, root / QUARANTINE)
    checkpoints.tidy(paths.folder("training"))
    parts = sum(remove_parts(path) for path in root.iterdir() if path.is_dir() and path.name != "store")
    return Report(repaired, library, parts, registry.tidy())
