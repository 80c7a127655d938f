"""The lung network: slices a second, library to masks' logits, and its share of a matrix product."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path

from core.images.library import Library
from core.inference.runtime import Effort
from core.regions import lung_network
from core.regions.segmentation import Segmenter
from tests.bench import machine
from tests.bench.rounds import Spread, interleave, ratio

OURS, PRODUCT = "lung masks, images/s", "fp32 matrix product, GFLOP/s"


@dataclass(frozen=True)
class Segmented:
    pace: Spread
    share_of_product: float
    gigaflops: float

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "pace": self.pace.as_json()}

    def __str__(self) -> str:
        return (
            f"LUNG MASKS: {self.pace.median:.0f} slices a second ({self.pace.low:.0f} to "
            f"{self.pace.high:.0f}), {1000 / self.pace.median:.1f} ms each; "
            f"{100 * self.share_of_product:.0f}% of a matrix product"
        )


def measure(root: Path, ids: Sequence[str], rounds: int) -> Segmented:
    library, segmenter = Library(root), Segmenter(Effort())

    def pace() -> float:
        start = time.perf_counter()
        count = sum(1 for _ in segmenter.logits(library.pixels(identity) for identity in ids))
        return count / (time.perf_counter() - start)

    pace()
    work = gigaflops()
    paces, _ = interleave({PRODUCT: machine.product_gflops, OURS: pace}, rounds)
    return Segmented(Spread.of(paces[OURS]), work * ratio(paces, OURS, PRODUCT).median, work)


def gigaflops() -> float:
    """Of one slice: each convolution's outputs, times its weights per output, a multiply-add as two."""
    convolutions = (node for node in lung_network.build().get_ops() if node.get_type_name() == "Convolution")
    return 2e-9 * sum(
        prod(node.get_output_shape(0)[2:]) * prod(node.input(1).get_shape()) for node in convolutions
    )
