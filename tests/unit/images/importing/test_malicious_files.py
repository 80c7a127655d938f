"""Crafted files and archives, and 10,000 mutations of whole ones: the import lives, and says why it refused.

What was found is printed (pytest -s): files, refusals by reason, falls of the decoder, its memory, seconds.
"""

import io
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from core.errors import NothingToImport, UnreadableImage
from core.images.formats.limits import MIN_SIDE, SECONDS
from core.images.formats.windowing import View
from core.images.importing.decoder import Decoder, Event, File
from core.images.importing.importer import import_path, import_source
from core.images.library import Library
from core.images.sources.source import Source, from_files
from core.images.sources.zip_archive import from_zip, open_zip
from core.sandbox.isolation import MEMORY
from tests.conftest import SHARED_DATA
from tests.support.samples import encoded, noise, zipped
from tests.unit.images import crafted_files
from tests.unit.images.crafted_archives import archives as crafted_archives
from tests.unit.images.scans import dicom, nifti

MUTATIONS = 10_000
SIDE = 48
BOUNDARIES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


class Watched:
    """A decoder, and what it cost: its falls, the slowest file in seconds, the most memory in bytes."""

    def __init__(self) -> None:
        self.falls, self.slowest, self.memory = 0, 0.0, 0
        self.refused: Counter[str] = Counter()
        self.taken = 0

    def decode(self, files: Iterator[File]) -> Iterator[tuple[str, Event]]:
        with Decoder(View()) as by:
            pid, begun = by.child.pid, time.monotonic()
            for name, event in by.decode(files):
                yield name, event
                if isinstance(event, np.ndarray):
                    continue
                self.falls += by.child.pid != pid
                pid, now = by.child.pid, time.monotonic()
                self.slowest, begun = max(self.slowest, now - begun), now
                self._count(event)
            self.memory = peak(pid)

    def _count(self, event: Event) -> None:
        if isinstance(event, UnreadableImage):
            self.refused[re.sub(r"\d+", "N", str(event))[:60]] += 1
        else:
            self.taken += 1

    def report(self, title: str) -> None:
        print(
            f"\n{title}: {self.taken} taken, {self.refused.total()} refused for {len(self.refused)} reasons,"
        )
        print(f"{self.falls} falls, slowest {self.slowest:.2f} s, {self.memory / 2**20:.0f} MiB of memory")
        for reason, count in self.refused.most_common(12):
            print(f"  {count:6} {reason}")


def peak(pid: int) -> int:
    """Bytes that a process held at most; 0 where the system doesn't say."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else 0


def outside(tmp_path: Path, home: Path) -> set[str]:
    return {path.name for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(home)}


def test_crafted_files_are_refused_one_by_one_with_the_reason() -> None:
    files = {name: data for make in crafted_files.FILES for name, data in make()}
    watched = Watched()
    reasons = dict(watched.decode(iter(files.items())))
    watched.report(f"{len(files)} crafted files")
    assert len(files) >= 150
    assert [name for name, event in reasons.items() if not isinstance(event, UnreadableImage)] == []
    assert all(len(str(event)) > 10 and "\n" not in str(event) for event in reasons.values())
    assert watched.memory < MEMORY
    assert watched.slowest < SECONDS + 2
    assert watched.falls == 0


def test_odd_but_honest_files_are_taken() -> None:
    files = dict(crafted_files.honest())
    watched = Watched()
    refused = {
        name: event for name, event in watched.decode(iter(files.items())) if isinstance(event, Exception)
    }
    assert refused == {}
    assert watched.taken == len(files)


def test_the_good_among_the_bad_is_taken_and_nothing_is_written_elsewhere(
    library: Library, home: Path, tmp_path: Path
) -> None:
    """All crafted files but the largest, under names whose suffix promises something."""
    small = [data for make in crafted_files.FILES for _, data in make() if len(data) < 10**5]
    bad = {f"g/{number}.dcm": data for number, data in enumerate(small)}
    report = import_source(from_files({**bad, "g/good.png": encoded(noise(1)[0])}), "s", library)
    assert [file.name for file in report.image_set.files] == ["g/good.png"]
    assert {refusal.file for refusal in report.refused} == set(bad)
    assert all(refusal.reason for refusal in report.refused)
    assert outside(tmp_path, home) == set()


def test_crafted_archives_never_fell_an_import(library: Library, home: Path, tmp_path: Path) -> None:
    said: Counter[str] = Counter()
    archives = list(crafted_archives())
    folder = tmp_path / "in"
    folder.mkdir()
    for number, (_, data) in enumerate(archives):
        path = folder / f"{number}.zip"
        path.write_bytes(data)
        try:
            report = import_path(path, f"set {number}", library)
        except NothingToImport as error:
            said[re.sub(r"\d+", "N", str(error))[:90]] += 1
            continue
        assert all(refusal.reason for refusal in report.refused)
        assert all(file.name.isprintable() for file in report.image_set.files)
        said["taken, in part or whole"] += 1
    print(f"\n{len(archives)} crafted archives")
    for words, count in said.most_common():
        print(f"  {count:4} {words}")
    assert outside(tmp_path, home) == {f"{number}.zip" for number in range(len(archives))}
    assert not Path("/tmp/a.png").exists()


def whole_ones() -> dict[str, bytes]:
    """A small file of each kind: a generator's slice where the shared data are, else noise."""
    found = sorted((SHARED_DATA / "attribution-dev").rglob("*.png")) if SHARED_DATA.is_dir() else []
    image = Image.open(found[0]).convert("L") if found else Image.fromarray(noise(1, SIDE)[0])
    pixels = np.asarray(image.resize((SIDE, SIDE)))
    units = pixels.astype(np.int16) * 6 - 1350
    return {
        "PNG": encoded(pixels),
        "JPEG": encoded(pixels, "JPEG"),
        "TIFF": encoded(pixels, "TIFF", compression="tiff_lzw"),
        "DICOM": dicom(units, PatientName="A", RescaleSlope="1", RescaleIntercept="0"),
        "NIfTI": nifti(np.stack([units[:24, :24]] * 2, 2)),
    }


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """One to four changes: a bit, a byte, a number at its bounds, a cut, a hole, a copy of a stretch."""
    made = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        at = int(
            rng.integers(0, min(len(made), 600 if rng.random() < 0.7 else len(made)))
        )  # headers come first
        end = at + int(rng.integers(1, 40))
        match int(rng.integers(0, 6)):
            case 0:
                made[at] ^= 1 << int(rng.integers(0, 8))
            case 1:
                made[at] = int(rng.integers(0, 256))
            case 2:
                number = BOUNDARIES[rng.integers(0, len(BOUNDARIES))]
                made[at : at + 4] = number.to_bytes(4, "little" if rng.random() < 0.5 else "big")
            case 3:
                del made[max(20, int(rng.integers(0, len(made)))) :]
            case 4:
                del made[at:end]
            case 5:
                made[at:at] = made[at:end]
        made = made or bytearray(b"\0")
    return bytes(made)


def mutations() -> Iterator[File]:
    rng = np.random.default_rng(20_231_128)
    whole = whole_ones()
    for number in range(MUTATIONS):
        kind = list(whole)[number % len(whole)]
        yield kind, mutated(whole[kind], rng)


def test_ten_thousand_mutations_fell_nobody(home: Path, tmp_path: Path) -> None:
    """Some are taken, as a change of pixels or of a field that nobody reads does no harm."""
    begun, watched = time.monotonic(), Watched()
    sizes = [event.shape for _, event in watched.decode(mutations()) if isinstance(event, np.ndarray)]
    watched.report(f"{MUTATIONS} mutations in {time.monotonic() - begun:.1f} s")
    assert watched.taken + watched.refused.total() == MUTATIONS
    assert all(min(size) >= MIN_SIDE for size in sizes)
    assert watched.memory < MEMORY
    assert watched.slowest < SECONDS + 2
    assert outside(tmp_path, home) == set()


def test_mutated_archives_are_read_or_refused_with_a_sentence() -> None:
    rng = np.random.default_rng(0)
    whole = zipped({f"g/{i}.png": bytes(64) for i in range(3)})
    said: Counter[str] = Counter()
    for _ in range(MUTATIONS // 2):
        try:
            source = from_zip(open_zip(io.BytesIO(mutated(whole, rng)), "a.zip"))
        except NothingToImport as error:
            said[re.sub(r"\d+", "N", str(error))] += 1
            continue
        said.update(reason for _, reason in source.refused)
        said.update(outcome(source, path) for path in source.paths)
    print(f"\n{MUTATIONS // 2} mutations of an archive of three")
    for words, count in said.most_common():
        print(f"  {count:6} {words}")
    assert all(said)


def outcome(source: Source, path: str) -> str:
    try:
        source.read(path)
    except UnreadableImage as error:
        return str(error)
    return "read"
