"""Fisher's discriminant of several groups, against scikit-learn's and against labels that mean nothing."""

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from core.clustering import discriminant


def drawn(apart: float, seed: int = 0, n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), n)
    rows = rng.standard_normal((3 * n, 12)) @ np.random.default_rng(9).standard_normal((12, 12))
    return rows + apart * np.eye(3, 12)[labels], labels


def test_predictions_are_those_of_scikit_learn() -> None:
    """Whose covariance isn't shrunk; with 12 features of 240 images it hardly is here. 97% agree at least."""
    rows, labels = drawn(4)
    new, _ = drawn(4, 1)
    own = discriminant.fit(rows, labels).predict(new)
    theirs = LinearDiscriminantAnalysis().fit(rows, labels).predict(new)
    assert (own == theirs).mean() >= 0.97


def test_cross_validation_learns_nothing_from_labels_that_mean_nothing() -> None:
    """Three groups drawn alike: a third is right by chance (240 images, so within 0.1)."""
    rows, labels = drawn(0)
    assert abs((discriminant.cross_predict(rows, labels, 0) == labels).mean() - 1 / 3) < 0.1


def test_more_features_than_images() -> None:
    """30 images in 500 dimensions, far apart: each is right without having been learnt."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 15)
    rows = rng.standard_normal((30, 500)) + 3 * labels[:, None]
    assert (discriminant.cross_predict(rows, labels, 0) == labels).all()
