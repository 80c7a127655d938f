"""The baseline: torchvision as its documentation uses it, in eager mode and fp32 on all threads."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision.models
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from core.config import FeatureSpec
from core.features.pretrained.backbones import NORMALISATIONS

BATCH = 32


class Files(Dataset):
    """PNG files as normalised RGB tensors (3, S, S)."""

    def __init__(self, paths: Sequence[Path], spec: FeatureSpec) -> None:
        self.paths = paths
        self.transform = transforms.Compose(
            [
                transforms.Resize((spec.size, spec.size)),
                transforms.ToTensor(),
                transforms.Normalize(*NORMALISATIONS[spec.normalisation]),
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.paths[index]) as image:
            return self.transform(image.convert("RGB"))


class Eager:
    """A torchvision network without its classifier, initialised by the seed that ours is."""

    def __init__(self, spec: FeatureSpec, paths: Sequence[Path]) -> None:
        torch.manual_seed(0)
        net: Any = getattr(torchvision.models, spec.backbone)(weights=None)
        setattr(net, "fc" if hasattr(net, "fc") else "classifier", nn.Identity())
        self._net, self._images = net.eval(), Files(paths, spec)

    def loader(self, workers: int) -> DataLoader:
        """Its workers are started here and outlive a pass, so that starting them is in no time."""
        loader = DataLoader(self._images, BATCH, num_workers=workers, persistent_workers=workers > 0)
        for _ in loader:
            pass
        return loader

    def pace(self, loader: DataLoader) -> float:
        """Images per second of one pass, files to rows."""
        start = time.perf_counter()
        with torch.inference_mode():
            torch.cat([self._net(batch) for batch in loader]).numpy()
        return len(self._images) / (time.perf_counter() - start)

    def warm_up(self) -> np.ndarray:
        """The first batch's rows. It is slower than others: no memory is taken yet, no kernel chosen."""
        images = [self._images[i] for i in range(min(BATCH, len(self._images)))]
        with torch.inference_mode():
            return self._net(torch.stack(images)).numpy()
