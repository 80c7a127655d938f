"""Inference: batches of grey pixels in, rows of features out, on the CPU by OpenVINO or on CUDA by torch.

Neither batch size nor threads change a number on the CPU: a request is always of as many images, on one
thread. With AVX-512, requests of four images give the bits of requests of one, and some networks are
faster by them: the last layers' weights are read once for all four. With AVX2 they change last bits:
there a request is one image.
"""

import functools
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core.inference import openvino_loader
from core.numeric.parallel import usable_cores

if TYPE_CHECKING:
    import openvino


@dataclass(frozen=True)
class Effort:
    """How the work is cut up; never part of a spec. A batch is what a kill can lose.

    ``spread``: long extraction may go out to a cluster of processes (extraction/dask_cluster.py).
    """

    batch: int = 16
    threads: int = field(default_factory=usable_cores)
    spread: bool = False


class Runtime(Protocol):
    def run(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """uint8 (n, 1, S, S) batches to float32 (n, D) rows, in order, lazily."""
        ...


def has_cuda() -> bool:
    """Whether torch sees a CUDA device; torch is only imported where a driver shows itself."""
    if not Path("/proc/driver/nvidia/version").exists():
        return False
    import torch

    return torch.cuda.is_available()


@functools.cache
def has_bf16() -> bool:
    """Whether this machine computes in bfloat16; OpenVINO falls back to fp32 in silence where it does not."""
    if has_cuda():
        return True
    return "BF16" in openvino_loader.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@functools.cache
def has_avx512() -> bool:
    """Whether Linux says so of this machine's processor."""
    try:
        return "avx512f" in Path("/proc/cpuinfo").read_text("ascii", "ignore")
    except OSError:
        return False


def read(network: dict[str, np.ndarray]) -> "openvino.Model":
    """A network of its IR: ``xml`` and ``bin``, uint8."""
    return openvino_loader.core().read_model(
        network["xml"].tobytes(), openvino_loader.openvino().Tensor(network["bin"])
    )


class OpenVino:
    """One stream a thread, requests in flight for each, so that all cores work while we decode.

    ``together``: images a request, where that changes no bit; what is missing of the last one is black.
    """

    def __init__(self, model: "openvino.Model", precision: str, effort: Effort, together: int = 1) -> None:
        size = model.inputs[0].partial_shape[2].get_length()
        self._together = together if has_avx512() else 1
        model.reshape({model.inputs[0]: [self._together, 1, size, size]})
        settings = {
            "NUM_STREAMS": effort.threads,
            "INFERENCE_NUM_THREADS": effort.threads,
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
        }
        compiled = openvino_loader.core().compile_model(model, "CPU", settings)
        # Enough requests under way that the cores have work while a finished batch is written to disk.
        self._queue = openvino_loader.openvino().AsyncInferQueue(compiled, 4 * effort.threads)

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        rows: dict[tuple[int, int], np.ndarray] = {}
        sizes: deque[int] = deque()
        given = 0

        def keep(request: "openvino.InferRequest", place: tuple[int, int]) -> None:
            rows[place] = request.get_output_tensor(0).data.copy()

        def finished() -> np.ndarray | None:
            places = [(given, first) for first in range(0, sizes[0], self._together)]
            if not all(place in rows for place in places):
                return None
            return np.concatenate([rows.pop(place) for place in places])[: sizes.popleft()]

        self._queue.set_callback(keep)
        try:
            for index, batch in enumerate(batches):
                sizes.append(len(batch))
                for first in range(0, len(batch), self._together):
                    self._queue.start_async(
                        [self._filled(batch[first : first + self._together])], (index, first)
                    )
                while sizes and (made := finished()) is not None:
                    yield made
                    given += 1
            self._queue.wait_all()
            while sizes and (made := finished()) is not None:
                yield made
                given += 1
        finally:
            self._queue.wait_all()

    def _filled(self, images: np.ndarray) -> np.ndarray:
        lacking = self._together - len(images)
        return np.pad(images, ((0, lacking), (0, 0), (0, 0), (0, 0))) if lacking else images


class Torch:
    """torch in channels_last, on CUDA; fp32 without TF32, bf16 by autocast."""

    def __init__(self, embedder: object, precision: str, device: str = "cuda") -> None:
        import torch

        self._torch = torch
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.deterministic = True
        self._net = embedder.to(device, memory_format=torch.channels_last)  # type: ignore[attr-defined]
        self._device, self._bf16 = device, precision == "bf16"

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        torch = self._torch
        waiting: list[
            Any
        ] = []  # rows that the device may still be computing while we decode and send the next
        for batch in batches:
            pixels = torch.from_numpy(batch)
            if self._device == "cuda":
                pixels = pixels.pin_memory().to("cuda", non_blocking=True)
            autocast = torch.autocast(self._device, torch.bfloat16, enabled=self._bf16)
            with torch.inference_mode(), autocast:
                waiting.append(self._net(pixels))
            if len(waiting) > 1:
                yield waiting.pop(0).float().cpu().numpy()
        for rows in waiting:
            yield rows.float().cpu().numpy()
