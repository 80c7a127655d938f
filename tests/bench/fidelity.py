"""torch-fidelity's VGG-16 as its metrics use it: a DataLoader of uint8 images, features of fc2, fp32.

Its two dense layers after the convolutions are 0.8% more work than what we take as features.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torchvision.models
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torch_fidelity.feature_extractor_vgg16 import FeatureExtractorVGG16

BATCH = 32


class Files(Dataset):
    """PNG files as uint8 RGB tensors (3, H, W)."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.paths[index]) as image:
            return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)


class Fidelity:
    """Untrained, since speed does not depend on weights; the library takes them from a file alone."""

    def __init__(self, paths: Sequence[Path]) -> None:
        with tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
            file = Path(folder) / "vgg16.pth"
            torch.save(torchvision.models.vgg16().state_dict(), file)
            self._net = FeatureExtractorVGG16("vgg16", ["fc2"], feature_extractor_weights_path=str(file))
        self._loader = DataLoader(Files(paths), BATCH, num_workers=0)

    def pace(self) -> float:
        """Images per second of one pass, files to rows."""
        start = time.perf_counter()
        with torch.inference_mode():
            rows = torch.cat([self._net(batch)[0] for batch in self._loader])
        return len(rows) / (time.perf_counter() - start)
