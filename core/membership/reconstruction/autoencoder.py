"""The autoencoder and its training. The paper does not specify its layers; here: four strided convolutions.

Pixels are uint8 (n, size, size); the loss is the mean squared error of grey levels from 0 to 1. Training
holds out a tenth of the images for validation and keeps the weights of the epoch with the lowest validation
error. The order of each epoch is drawn from the seed and the epoch's number, so that training resumed from a
checkpoint gives the same result as uninterrupted training. Its version is that of ``keys``, which needs no
torch.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.config import AutoencoderSpec
from core.errors import ImprintError
from core.membership.reconstruction.checks import check_content, check_count

WIDTHS = (16, 32, 64, 128)
BATCH, RATE = 16, 1e-3
HELD_OUT = 0.1  # share of images
PATIENCE = 20  # epochs without a lower validation error
INFER = 64

Arrays = dict[str, np.ndarray]


class Autoencoder(nn.Module):
    """(n, 1, size, size) in 0..1 through a ``bottleneck`` of that many dimensions."""

    def __init__(self, size: int, bottleneck: int) -> None:
        super().__init__()
        self.side = size // 2 ** len(WIDTHS)
        down: list[nn.Module] = []
        for inputs, outputs in zip((1, *WIDTHS), WIDTHS, strict=False):
            down += [nn.Conv2d(inputs, outputs, 3, 2, 1), nn.BatchNorm2d(outputs), nn.ReLU()]
        flat = WIDTHS[-1] * self.side**2
        self.encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(flat, bottleneck))
        self.widen = nn.Linear(bottleneck, flat)
        up: list[nn.Module] = []
        backwards = WIDTHS[::-1]
        for inputs, outputs in zip(backwards, (*backwards[1:], WIDTHS[0]), strict=True):
            up += [nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, 1, 1)]
            up += [nn.BatchNorm2d(outputs), nn.ReLU()]
        self.decoder = nn.Sequential(*up, nn.Conv2d(WIDTHS[0], 1, 3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        wide = functional.relu(self.widen(self.encoder(images)))
        return self.decoder(wide.view(-1, WIDTHS[-1], self.side, self.side))


@dataclass(frozen=True)
class Epoch:
    """``train`` and ``held_out``: mean squared errors; ``rate``: training images per second."""

    number: int
    train: float
    held_out: float
    rate: float


class Training:
    """One training run over images uint8 (n, size, size), from the start or from a ``state``.

    ``tell`` is called about once a second with the epochs done (a fraction) and images per second.
    """

    def __init__(
        self,
        images: np.ndarray,
        spec: AutoencoderSpec,
        state: Mapping[str, np.ndarray] | None = None,
        tell: Callable[[float, float], None] = lambda epochs, rate: None,
    ) -> None:
        check_count(len(images))
        check_content(images)
        self._tell = tell
        self.spec, self.device = spec, torch.device("cuda" if torch.cuda.is_available() else "cpu")
        order = np.random.default_rng((spec.seed, 0)).permutation(len(images))
        held = max(1, round(HELD_OUT * len(images)))
        self._images = torch.from_numpy(images)[:, None]
        self._held, self._learn = order[:held], order[held:]
        self._network = _network(spec).to(self.device)
        self._optimiser = torch.optim.Adam(self._network.parameters(), RATE)
        self.history: list[Epoch] = []
        self.best = self._weights()
        if state is not None and self._fits(state):
            self._resume(state)

    @property
    def over(self) -> bool:
        """All epochs are done, or the validation error has not improved for PATIENCE epochs."""
        done = len(self.history)
        return done >= self.spec.epochs or done - self.best_epoch >= PATIENCE

    @property
    def best_epoch(self) -> int:
        """Number of the epoch whose weights are kept; 0 before the first."""
        if not self.history:
            return 0
        return min(self.history, key=lambda epoch: epoch.held_out).number

    def epochs(self) -> Iterator[Epoch]:
        """Train one epoch at a time. Raises ImprintError if the loss is not finite."""
        while not self.over:
            epoch = self._epoch(len(self.history) + 1)
            if not np.isfinite(epoch.train + epoch.held_out):
                raise ImprintError(
                    f"The training loss is not finite after epoch {epoch.number}. "
                    "Choose a smaller bottleneck, fp32 precision or another seed."
                )
            self.history.append(epoch)
            if self.best_epoch == epoch.number:
                self.best = self._weights()
            yield epoch

    def state(self) -> Arrays:
        """Everything needed to resume, as plain arrays."""
        arrays = {f"now.{name}": value for name, value in self._weights().items()}
        arrays |= {f"best.{name}": value for name, value in self.best.items()}
        for place, moments in self._optimiser.state_dict()["state"].items():
            arrays |= {f"adam.{place}.{name}": value.cpu().numpy().copy() for name, value in moments.items()}
        rows = [[each.number, each.train, each.held_out, each.rate] for each in self.history]
        return {**arrays, "history": np.array(rows, np.float64).reshape(-1, 4)}

    def _fits(self, state: Mapping[str, np.ndarray]) -> bool:
        """Whether a state belongs to this network and not to another version of it."""
        wanted = {name: value.shape for name, value in self.best.items()}
        parts = [
            {name: value.shape for name, value in _under(state, kind).items()} for kind in ("now.", "best.")
        ]
        return all(part == wanted for part in parts) and state.get("history", np.zeros(0)).shape[1:] == (4,)

    def _resume(self, state: Mapping[str, np.ndarray]) -> None:
        self._network.load_state_dict(_tensors(_under(state, "now.")))
        self.best = _under(state, "best.")
        self.history = [Epoch(int(row[0]), *map(float, row[1:])) for row in state["history"]]
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in _under(state, "adam.").items():
            place, _, kind = name.partition(".")
            moments.setdefault(int(place), {})[kind] = torch.from_numpy(value.copy())
        current = self._optimiser.state_dict()
        self._optimiser.load_state_dict({**current, "state": moments})

    def _epoch(self, number: int) -> Epoch:
        start = time.perf_counter()
        order = np.random.default_rng((self.spec.seed, number)).permutation(self._learn)
        self._network.train()
        total, seen, reported = 0.0, 0, start
        for batch in np.array_split(order, max(1, len(order) // BATCH)):
            images = self._batch(batch)
            with self._precision():
                loss = functional.mse_loss(self._network(images).float(), images)
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()
            total += float(loss.detach()) * len(batch)
            seen += len(batch)
            if (now := time.perf_counter()) - reported > 1:
                reported = now
                self._tell(number - 1 + seen / len(order), seen / (now - start))
        seconds = time.perf_counter() - start
        return Epoch(number, total / len(order), self._error(self._held), len(order) / seconds)

    def _error(self, chosen: np.ndarray) -> float:
        self._network.eval()
        total = 0.0
        with torch.inference_mode(), self._precision():
            for batch in np.array_split(chosen, -(-len(chosen) // INFER)):
                images = self._batch(batch)
                total += float(functional.mse_loss(self._network(images).float(), images)) * len(batch)
        return total / len(chosen)

    def _batch(self, chosen: np.ndarray) -> Tensor:
        images = self._images[torch.from_numpy(chosen)].to(self.device).float().div_(255)
        return images.contiguous(memory_format=torch.channels_last)

    def _precision(self) -> contextlib.AbstractContextManager[object]:
        if self.spec.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def _weights(self) -> Arrays:
        return {name: value.cpu().numpy().copy() for name, value in self._network.state_dict().items()}


def reconstruct(weights: Mapping[str, np.ndarray], spec: AutoencoderSpec, images: np.ndarray) -> np.ndarray:
    """float32 (n, size, size), grey levels from 0 to 1, of images uint8 (n, size, size)."""
    network = _network(spec)
    network.load_state_dict(_tensors(weights))
    network.eval()
    made = []
    with torch.inference_mode():
        for first in range(0, len(images), INFER):
            batch = torch.from_numpy(images[first : first + INFER])[:, None].float() / 255
            made.append(network(batch.contiguous(memory_format=torch.channels_last))[:, 0].numpy())
    return np.concatenate(made)


def _network(spec: AutoencoderSpec) -> Autoencoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed)
        return Autoencoder(spec.size, spec.bottleneck).to(memory_format=torch.channels_last)


def _under(arrays: Mapping[str, np.ndarray], prefix: str) -> Arrays:
    return {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}


def _tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}
