"""Inference: batches of grey pixels in, rows of features out, on the CPU by OpenVINO or on CUDA by torch.

Neither batch size nor threads change a number on the CPU: a request is one image on one thread. Seen on
a CPU with AVX2: requests of 4 and of 8 images differ in the last bits, and are no more than 10% faster.
"""

import functools
import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core.inference import quiet

if TYPE_CHECKING:
    import openvino


def usable_cores() -> int:
    """Cores that this process may run on, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Effort:
    """How the work is cut up; never part of a spec. A batch is what a kill can lose.

    ``spread``: long extraction may go out to a cluster of processes (cluster.py).
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
    return "BF16" in quiet.core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def read(network: dict[str, np.ndarray]) -> "openvino.Model":
    """A network of its IR: ``xml`` and ``bin``, uint8."""
    return quiet.core().read_model(network["xml"].tobytes(), quiet.openvino().Tensor(network["bin"]))


class OpenVino:
    """One stream a thread, requests in flight for each, so that all cores work while we decode."""

    def __init__(self, model: "openvino.Model", precision: str, effort: Effort) -> None:
        size = model.inputs[0].partial_shape[2].get_length()
        model.reshape({model.inputs[0]: [1, 1, size, size]})
        settings = {
            "NUM_STREAMS": effort.threads,
            "INFERENCE_NUM_THREADS": effort.threads,
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
        }
        compiled = quiet.core().compile_model(model, "CPU", settings)
        # Enough requests under way that the cores have work while a finished batch is written to disk.
        self._queue = quiet.openvino().AsyncInferQueue(compiled, 4 * effort.threads)

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        rows: dict[tuple[int, int], np.ndarray] = {}
        sizes: deque[int] = deque()
        given = 0

        def keep(request: "openvino.InferRequest", place: tuple[int, int]) -> None:
            rows[place] = request.get_output_tensor(0).data[0].copy()

        def finished(first: int, size: int) -> np.ndarray:
            return np.stack([rows.pop((first, i)) for i in range(size)])

        self._queue.set_callback(keep)
        try:
            for index, batch in enumerate(batches):
                sizes.append(len(batch))
                for i in range(len(batch)):
                    self._queue.start_async([batch[i : i + 1]], (index, i))
                while sizes and all((given, i) in rows for i in range(sizes[0])):
                    yield finished(given, sizes.popleft())
                    given += 1
            self._queue.wait_all()
            while sizes:
                yield finished(given, sizes.popleft())
                given += 1
        finally:
            self._queue.wait_all()


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
