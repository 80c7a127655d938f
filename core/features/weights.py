"""Weights files: where they are, whether their hash is right, and how to download them.

A file is accepted only if its SHA-256 is the published one, or the one recorded when a custom ONNX file was
added. Nothing here unpickles: files are opened only by ``torch_models.load_weights``, with torch's restricted
loader, and by ``custom.process``, in a sandboxed process.
"""

import hashlib
import http.client
import importlib.util
import urllib.error
import urllib.request
from pathlib import Path

from core import paths
from core.errors import WeightsMissing, WeightsRefused
from core.features.custom.registry import network as row_of
from core.features.pretrained import weights_manifest
from core.features.pretrained.backbones import Network
from core.files import write_atomic
from core.hashing import bytes_key
from core.progress import Listener, Meter, silent

CHUNK = 1 << 20
TIMEOUT = 30  # seconds without a byte


def find(network: Network) -> Path | None:
    """The weights file, looked for in IMPRINT_WEIGHTS, our own folder and the Python package, or None."""
    folders = paths.weights_folders()
    if network.package:
        found = importlib.util.find_spec(network.package)
        if found and found.origin:
            folders.append(Path(found.origin).parent / "models")
    return next((path for folder in folders if (path := folder / network.file).is_file()), None)


def require(name: str) -> Path:
    """The checked weights file of a backbone. Raises WeightsMissing or WeightsRefused with what to do."""
    network = row_of(name)
    path = find(network)
    if path is None:
        raise WeightsMissing(missing(name))
    check(path, network)
    return path


def missing(name: str) -> str:
    network = row_of(name)
    if network.own:
        return (
            f"The file of {name} (SHA-256 {network.sha256}) is missing. Add it again: python -m core weights "
            f'--take "{name}" FILE, or name it {network.file} and set IMPRINT_WEIGHTS to its folder.'
        )
    return (
        f"{network.title} needs its ImageNet weights ({network.file}, {network.megabytes:.0f} MB), which "
        f"are not on this machine. Download them (python -m core weights --download {name}), or put the "
        "file into a folder and set IMPRINT_WEIGHTS to that folder, or choose untrained weights."
    )


def check(path: Path, network: Network) -> None:
    """Hash the whole file, compare, and record the hash. Raises WeightsRefused if it differs."""
    sha256 = weights_manifest.hashed(path)
    _compare(sha256, path.name, network)
    weights_manifest.note(path, sha256)


def _compare(sha256: str, where: str, network: Network) -> None:
    if not sha256.startswith(network.sha256):
        raise WeightsRefused(
            f"{where} is not the weights file of {network.title}: its SHA-256 begins with "
            f"{sha256[:8]}, not {network.sha256[:8]}. Delete it and download it again."
        )


def status(name: str, again: bool = False) -> dict[str, object]:
    """Facts about a backbone's weights; ``state`` is ready, missing or refused.

    ``again``: hash the file even if it has not changed since it was checked.
    """
    network = row_of(name)
    path = find(network)
    state, advice = "ready", ""
    noted = None
    if path is None:
        state, advice = "missing", missing(name)
    else:
        noted = None if again else weights_manifest.known(path)
        try:
            if noted is None:
                check(path, network)
                noted = weights_manifest.known(path)
            else:
                _compare(noted.sha256, path.name, network)
        except WeightsRefused as error:
            state, advice, noted = "refused", str(error), None
    return {
        "backbone": name,
        "title": network.title,
        "file": network.file,
        "megabytes": network.megabytes,
        "state": state,
        "path": str(path) if path else None,
        "advice": advice,
        "expected": network.sha256,
        "sha256": noted.sha256 if noted else None,
        "source": noted.source if noted else None,
        "checked": noted.checked if noted else None,
    }


def adopt(name: str, path: Path) -> Path:
    """Copy a weights file into our folder after the same check. Raises WeightsMissing, WeightsRefused."""
    network = row_of(name)
    if not path.is_file():
        raise WeightsMissing(f"There is no file {path}.")
    data = path.read_bytes()
    sha256 = bytes_key(data)
    _compare(sha256, path.name, network)
    return _keep(data, sha256, network, weights_manifest.TAKEN)


def download(name: str, listener: Listener = silent, base: str | None = None) -> Path:
    """Download a backbone's weights with progress in bytes, check and store them. ``base`` is for tests.

    Raises WeightsMissing if the server can't be reached, WeightsRefused if the hash differs.
    """
    network = row_of(name)
    if network.own:
        raise WeightsMissing(f"{name} is a custom network: add its file (python -m core weights add FILE).")
    if network.url is None:
        raise WeightsMissing(
            f"The weights of {network.title} are installed with the Python package {network.package}."
        )
    url = network.url if base is None else base + network.file
    digest, data = hashlib.sha256(), bytearray()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            expected = int(response.headers.get("Content-Length") or 0)
            meter = Meter("download", expected, listener)
            while chunk := response.read(CHUNK):
                digest.update(chunk)
                data += chunk
                meter.add(len(chunk))
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise WeightsMissing(f"{network.file} could not be downloaded ({reason}). {missing(name)}") from None
    if expected and len(data) != expected:
        raise WeightsMissing(
            f"The download of {network.file} stopped at {len(data)} of {expected} bytes. Try again."
        )
    _compare(digest.hexdigest(), f"The downloaded {network.file}", network)
    return _keep(bytes(data), digest.hexdigest(), network, weights_manifest.DOWNLOADED)


def _keep(data: bytes, sha256: str, network: Network, source: str) -> Path:
    path = paths.folder("weights") / network.file
    write_atomic(path, data)
    weights_manifest.note(path, sha256, source)
    return path
