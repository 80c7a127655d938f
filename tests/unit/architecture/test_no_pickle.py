"""Marked pickles, planted wherever this program reads from disk: none is ever opened.

The index's own plantings are in store/test_index.py. Each test prints its figure (pytest -s).
"""

import ast
import hashlib
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError

from core.errors import WeightsRefused
from core.features import weights
from core.features.custom import client
from core.features.pretrained.backbones import NETWORKS
from core.features.pretrained.torch_models import load_weights
from core.membership.reconstruction import checkpoints
from core.regions import lung_network
from core.store import Store
from tests.support.samples import ROOT


class Marked:
    """Whoever unpickles this makes the marker file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.marker),)


def test_a_pickle_in_the_index_an_array_and_a_weights_file_is_never_opened(store: Store, home: Path) -> None:
    """Three of three: the index's own plantings are in test_index.py, here one through the store's door."""
    marker = home / "marker"
    bomb = pickle.dumps(Marked(marker))
    refused = 0

    store.put("array", {"x": np.ones((8, 16), np.float32)}, "fire")
    (path,) = store.folder.rglob("*.safetensors")
    path.write_bytes(bomb)
    text = json.loads(store._index.get("entry:array") or "{}")
    text |= {"bytes": len(bomb), "sha256": hashlib.sha256(bomb).hexdigest()}
    store._index.set("entry:array", json.dumps(text))  # so that only its form can give it away
    refused += store.get("array") is None

    store._index._cache._sql("UPDATE Cache SET value = ?, mode = 4 WHERE key = ?", (bomb, "entry:array"))
    refused += store.get("array") is None

    planted = home / "resnet50.pth"
    planted.write_bytes(bomb)
    with pytest.raises(WeightsRefused):
        weights.adopt("resnet50", planted)
    refused += weights.find(NETWORKS.get("resnet50")) is None
    print(f"planted pickles refused: {refused} of 3")
    assert refused == 3
    assert not marker.exists()


@pytest.mark.parametrize("suffix", ["pt", "pth", "safetensors", "onnx", "bin"])
@pytest.mark.parametrize("zipped", [False, True], ids=["bare", "torch's zip"])
def test_a_pickle_is_refused_as_weights_under_every_name_at_every_door(
    home: Path, suffix: str, zipped: bool
) -> None:
    """Taken, loaded, added as ONNX, read as a checkpoint or as the lungs' network: five of five refused."""
    marker, path = home / "marker", home / f"planted.{suffix}"
    home.mkdir(exist_ok=True)
    if zipped:
        torch.save({"weight": Marked(marker)}, path)
    else:
        path.write_bytes(pickle.dumps({"weight": Marked(marker)}))
    doors = (
        lambda: weights.adopt("resnet50", path),
        lambda: load_weights(torch.nn.Linear(3, 2), path),
        lambda: client.look(path),
        lambda: lung_network.build(path),
    )
    refused = 0
    for door in doors:
        with pytest.raises((WeightsRefused, SafetensorError)):
            door()
        refused += 1
    data = path.read_bytes()
    path.write_bytes(hashlib.sha256(data).hexdigest().encode() + data)  # as whole as a checkpoint is
    refused += checkpoints.read(path) is None
    print(f".{suffix}: refused at {refused} of 5 doors")
    assert refused == 5
    assert not marker.exists()


UNPICKLING = (
    "pickle",
    "cloudpickle",
    "dill",
    "joblib",
    "shelve",
    "marshal",
    "torch.package",
    "torch.jit.load",
)
LOADING = {"torch.load": "weights_only", "numpy.load": "allow_pickle", "np.load": "allow_pickle"}


def test_no_line_of_the_program_unpickles() -> None:
    """By the syntax tree: no module that does, two loaders that may, only with the switch against it."""
    seen = 0
    for path in (path for room in ("core", "demo", "pages") for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                assert not [name for name in names if name.split(".")[0] in UNPICKLING], path
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            assert called not in (*UNPICKLING, "pandas.read_pickle", "pd.read_pickle"), path
            if called in LOADING:
                switches = {each.arg: ast.unparse(each.value) for each in node.keywords}
                safe = {"weights_only": "True", "allow_pickle": "False"}[LOADING[called]]
                assert switches.get(LOADING[called]) == safe, f"{path}: {ast.unparse(node)}"
                seen += 1
    assert seen >= 3
