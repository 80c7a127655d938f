"""The figures beside those of torch-fidelity, which the benchmark has installed, on the same features."""

import numpy as np
import pytest

from core.fidelity.frechet import frechet_distance
from core.fidelity.kernel import squared_mmd
from core.fidelity.neighbours import neighbour_scores
from core.numeric.distances import distance_matrix


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """40 real rows and 40 generated ones, of 64 dimensions."""
    rng = np.random.default_rng(0)
    return np.vstack([rng.normal(0.4, 1, (40, 64)), rng.normal(0.5, 0.9, (40, 64))])


def test_kid(rows: np.ndarray) -> None:
    """Of two sets of one size, which is all that its mmd2 takes; each image is a patient."""
    from torch_fidelity.metric_kid import kernel_poly, mmd2

    a, b = rows[:40], rows[40:]
    kernel = {
        f"kid_kernel_poly_{name}": value for name, value in (("degree", 3), ("gamma", None), ("coef0", 1))
    }
    theirs = mmd2(*(kernel_poly(x, y, **kernel) for x, y in ((a, a), (a, b), (b, b))))
    first = (np.arange(80) < 40)[:, None]
    assert squared_mmd(rows, np.arange(80), first, ~first) == pytest.approx([theirs], rel=1e-9)


def test_frechet_distance(rows: np.ndarray) -> None:
    """Covariances of 40 images in 64 dimensions, by its eigenvalues of their product."""
    from torch_fidelity.metric_fid import fid_statistics_to_metric

    sides = [{"mu": side.mean(0), "sigma": np.cov(side, rowvar=False)} for side in (rows[:40], rows[40:])]
    theirs = fid_statistics_to_metric(*sides, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(rows[:40], rows[40:]) == pytest.approx(theirs, rel=1e-5)


def test_precision_and_recall(rows: np.ndarray) -> None:
    import torch
    from torch_fidelity.metric_prc import calculate_precision_recall_full

    real, generated = torch.tensor(rows[:40]), torch.tensor(rows[40:])
    theirs = calculate_precision_recall_full(generated, real, neighborhood=3)
    ours = neighbour_scores(distance_matrix(rows), np.arange(40), np.arange(40, 80), 3)
    assert ours[:2] == pytest.approx([float(each) for each in theirs])
