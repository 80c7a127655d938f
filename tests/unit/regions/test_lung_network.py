"""The lung network: what is built from a weights file is what was trained."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import ImprintError
from core.inference.runtime import Effort, OpenVino
from core.regions import lung_network


def test_openvino_computes_what_torch_does(tmp_path: Path) -> None:
    """A UNet as the training script makes it, its normalisation not the identity, in float32."""
    import torch
    from safetensors.torch import save_file

    from demo.unet import UNet

    torch.manual_seed(0)
    theirs = UNet().eval()
    for layer in theirs.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 2)
            layer.bias.data.normal_()
    kept = {name: value for name, value in theirs.state_dict().items() if value.is_floating_point()}
    save_file(kept, tmp_path / "lungs.safetensors")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 1, 128, 128), np.uint8)
    with torch.inference_mode():
        expected = theirs(torch.from_numpy(pixels).float() / 255).numpy()
    model = lung_network.build(tmp_path / "lungs.safetensors")
    found = next(iter(OpenVino(model, "fp32", Effort(2, 2)).run([pixels])))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_a_missing_network_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImprintError, match="only the full image"):
        lung_network.build(tmp_path / "none.safetensors")


def test_the_shipped_weights_are_small_and_all_used() -> None:
    """Under 10 MB, as was asked for; the built network has as many convolutions as weights name."""
    from safetensors.numpy import load_file

    assert lung_network.WEIGHTS.stat().st_size < 10e6
    kernels = [name for name, value in load_file(lung_network.WEIGHTS).items() if value.ndim == 4]
    made = [op for op in lung_network.build().get_ops() if op.get_type_name() == "Convolution"]
    assert len(made) == len(kernels)
