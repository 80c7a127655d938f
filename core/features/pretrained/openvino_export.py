"""A backbone as OpenVINO IR, made once per weights by a child process, so that torch never enters ours."""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from core.config import FeatureSpec
from core.errors import ImprintError, WeightsRefused
from core.inference import openvino_loader

REFUSED = 3


def convert(spec: FeatureSpec, weights: Path | None) -> dict[str, np.ndarray]:
    """``xml`` and ``bin``, uint8, of the spec's network. Raises WeightsRefused."""
    with tempfile.TemporaryDirectory(prefix="imprint-") as folder:
        out = Path(folder) / "network.safetensors"
        task = json.dumps(
            {"spec": asdict(spec), "weights": str(weights) if weights else None, "out": str(out)}
        )
        child = subprocess.run(
            [sys.executable, "-m", "core.features.pretrained.openvino_export"],
            input=task,
            text=True,
            capture_output=True,
            cwd=Path(__file__).parents[3],
        )
        if child.returncode == REFUSED:
            raise WeightsRefused(child.stderr.strip().splitlines()[-1])
        if child.returncode:
            last = (child.stderr.strip().splitlines() or ["no message"])[-1]
            raise ImprintError(f"{spec.backbone} could not be prepared: {last}")
        return load_file(out)


def _main() -> int:
    task = json.load(sys.stdin)
    spec = FeatureSpec.from_json(task["spec"])
    weights = Path(task["weights"]) if task["weights"] else None
    openvino = openvino_loader.openvino()
    import torch
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    from core.features.pretrained.torch_models import build

    try:
        embedder = build(spec, weights)
    except WeightsRefused as error:
        print(error, file=sys.stderr)
        return REFUSED
    example = torch.zeros(1, 1, spec.size, spec.size, dtype=torch.uint8)
    with torch.no_grad():
        traced = torch.jit.freeze(torch.jit.trace(embedder, example, check_trace=False))
    frontend = openvino_loader.frontend("pytorch")
    decoder = TorchScriptPythonDecoder(traced)  # must outlive the conversion
    model = frontend.convert(frontend.load(decoder))
    model.inputs[0].get_node().set_element_type(openvino.Type.u8)
    model.reshape({model.inputs[0]: [-1, 1, spec.size, spec.size]})
    with tempfile.TemporaryDirectory(prefix="imprint-") as folder:
        xml = Path(folder) / "network.xml"
        openvino.serialize(model, xml)
        parts = {"xml": xml.read_bytes(), "bin": xml.with_suffix(".bin").read_bytes()}
    save_file({name: np.frombuffer(data, np.uint8) for name, data in parts.items()}, task["out"])
    return 0


if __name__ == "__main__":
    sys.exit(_main())
