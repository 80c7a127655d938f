"""Whitening by real images: what varies among them is taken out, all else stays."""

import numpy as np

from core.clustering import whitening


def test_by_hand_in_two_dimensions() -> None:
    """Real rows (-2, 0), (2, 0): variance 8 along x (two rows, divided by one), 0 along y, 4 on average. Half
    of that and half of the average give 6 and 2, so x is divided by the root of 6, y by that of 2."""
    fitted = whitening.fit(np.array([[-2.0, 0], [2, 0]]))
    made = whitening.whiten(np.array([[1.0, 1], [0, 0]]), fitted)
    np.testing.assert_allclose(made, [[1 / 6**0.5, 1 / 2**0.5], [0, 0]], atol=1e-6)


def test_more_dimensions_than_images_is_the_root_of_the_inverse() -> None:
    """Against numpy's eigenvalues of the whole d x d matrix (S / 2 + trace / 2d)^(-1/2)."""
    rng = np.random.default_rng(0)
    real, rows = rng.standard_normal((6, 20)), rng.standard_normal((4, 20))
    covariance = np.cov(real.T)
    values, vectors = np.linalg.eigh(covariance / 2 + np.trace(covariance) / 40 * np.eye(20))
    expected = (rows - real.mean(0)) @ vectors @ np.diag(values**-0.5) @ vectors.T
    np.testing.assert_allclose(whitening.whiten(rows, whitening.fit(real)), expected, rtol=1e-4, atol=1e-5)


def test_real_images_that_are_all_the_same_leave_numbers() -> None:
    made = whitening.whiten(np.eye(3), whitening.fit(np.ones((5, 3))))
    assert np.isfinite(made).all()
