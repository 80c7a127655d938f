import numpy as np
import pytest
from sklearn.decomposition import PCA

from core.clustering.pca import count_components, decompose, project
from core.errors import BadChoice
from core.numeric import parallel

FEATURES = np.random.default_rng(0).normal(size=(40, 12)) * np.geomspace(10, 0.1, 12)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("features", [FEATURES, FEATURES.T], ids=["tall", "wide"])
def test_a_share_selects_what_scikit_learn_keeps_for_it(features: np.ndarray, share: float) -> None:
    """The expected scores are those of a PCA that scikit-learn fits for this very share; signs are free."""
    expected = PCA(n_components=share, svd_solver="full").fit_transform(features)
    scores = project(decompose(features), share)
    assert scores.shape == expected.shape
    signs = np.sign((scores * expected).sum(0))
    assert np.allclose(scores * signs, expected, atol=1e-9)


def test_full_rank_keeps_all_distances() -> None:
    """A rotation: pairwise distances stay; the shares add up to 1."""
    from scipy.spatial.distance import pdist

    decomposition = decompose(FEATURES)
    assert np.allclose(pdist(decomposition["scores"]), pdist(FEATURES))
    assert decomposition["ratio"].sum() == pytest.approx(1)


def test_float32_features_are_decomposed_in_float64() -> None:
    rough = FEATURES.astype(np.float32)
    assert decompose(rough)["scores"].dtype == np.float64
    assert np.array_equal(decompose(rough)["scores"], decompose(rough.astype(np.float64))["scores"])


@pytest.mark.parametrize(
    ("share", "count"), [(0.5, 1), (0.51, 2), (0.75, 2), (0.7501, 3), (0.9, 3), (0.999, 4)]
)
def test_columns_by_hand(share: float, count: int) -> None:
    """Shares 0.5, 0.25, 0.15, 0.1 add up to 0.5, 0.75, 0.9, 1; reaching a share exactly is enough."""
    assert count_components(np.array([0.5, 0.25, 0.15, 0.1]), share) == count


def test_the_covariance_gives_scikit_learns_scores_signs_included() -> None:
    """6,000 rows with a mean far from 0, three blocks: scores to 1e-9 of the largest, shares to 1e-12, and
    the same bits on one core."""
    rng = np.random.default_rng(5)
    rows = (rng.normal(size=(6000, 40)) * np.geomspace(10, 0.1, 40) + 100).astype(np.float32)
    pca = PCA(svd_solver="full")
    expected = pca.fit_transform(rows.astype(np.float64))
    found = decompose(rows)
    assert np.abs(found["scores"] - expected).max() < 1e-9 * np.abs(expected).max()
    assert np.abs(found["ratio"] - pca.explained_variance_ratio_).max() < 1e-12
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parallel, "usable_cores", lambda: 1)
        assert np.array_equal(found["scores"], decompose(rows)["scores"])


def test_identical_features_have_no_variance_to_keep() -> None:
    decomposition = decompose(np.ones((5, 3)))
    assert not decomposition["ratio"].any()
    with pytest.raises(BadChoice, match="Choose PCA: none"):
        project(decomposition, 0.95)
