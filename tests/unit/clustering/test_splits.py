"""The number of groups by splits of one tree, on groups that are known because they were drawn."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from core.clustering import splits

D = 30


def drawn(sizes: list[int], apart: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Normal groups of unit variance whose centres are ``apart`` from each other on axes of their own."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = np.eye(len(sizes), D) * apart / 2**0.5
    return rng.standard_normal((len(labels), D)) + centres[labels], labels


def found(rows: np.ndarray, seed: int = 0) -> splits.Groups:
    return splits.find_groups(linkage(rows, "ward"), rows, seed)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("n", [30, 200, 900])
def test_one_normal_group_is_not_split(n: int, seed: int) -> None:
    """It has no gap wherever a tree cuts it: with silhouettes it would always be split."""
    assert found(drawn([n], 0, seed)[0]).k == 1


@pytest.mark.parametrize("sizes", [[60, 60], [150, 40, 90], [300, 30, 120, 80, 200]])
def test_groups_far_apart_are_found_as_they_were_drawn(sizes: list[int]) -> None:
    """12 standard deviations apart, of unequal sizes: the labels are the drawn ones but for their numbers."""
    rows, labels = drawn(sizes, 12)
    result = found(rows)
    assert result.k == len(sizes)
    assert len({*zip(labels.tolist(), result.labels.tolist(), strict=True)}) == len(sizes)


def test_the_first_image_is_in_group_0_and_groups_are_numbered_as_they_appear() -> None:
    rows, _ = drawn([40, 40, 40], 12)
    labels = found(rows).labels
    first = np.unique(labels, return_index=True)[1]
    assert first.tolist() == sorted(first.tolist())
    assert labels[0] == 0


def test_three_images_far_from_all_others_belong_to_their_sibling() -> None:
    """A side of fewer than 4 images, or of 3%, is no group: outliers do not make generators."""
    rows, _ = drawn([200], 0)
    rows[:3] += 30
    assert found(rows).k == 1


def test_a_chain_of_outliers_is_no_recursion() -> None:
    """2,000 images, each twice as far as the one before: each merge adds a single image."""
    rows = np.zeros((2000, 2))
    rows[:, 0] = 1.5 ** (np.arange(2000) / 10.0)
    merges = np.array([[0, 1, 0, 2], *([1999 + i, 1 + i, i, i + 2] for i in range(1, 1999))], float)
    assert len(splits.find_groups(merges, rows, 0).labels) == 2000


def test_separation_by_hand() -> None:
    """Samples 0 and 1, spread 0.1 each: 10 standard deviations; the gap between the quantiles 0.1 x 1.28
    from either mean is 0.74; no density half-way between them. One sample with itself has neither."""
    normal = np.random.default_rng(0).standard_normal(4000) * 0.1
    valley, gap, separation = splits.separate(normal, 1 + normal)
    assert valley < 0.001
    assert gap == pytest.approx(0.744, abs=0.02)
    assert separation == pytest.approx(10, rel=0.03)
    valley, gap, _ = splits.separate(normal, normal)
    assert gap < 0
    assert valley == 1


def test_projection_is_held_out() -> None:
    """Labels at random in 30 dimensions of 60 images: fitted to themselves sides look far apart, held out
    they are not (their mean difference, in units of the fit, is near 0, with 1 expected of a real one)."""
    rng = np.random.default_rng(1)
    rows, side = rng.standard_normal((60, D)), np.arange(60) % 2 == 0
    places = splits.held_out_projection(rows, side, rng)
    assert abs(places[side].mean() - places[~side].mean()) < 0.35


def test_others_are_assigned_to_the_nearest_group() -> None:
    """Every second image is walked; the other half gets the labels that it was drawn with."""
    rows, labels = drawn([80, 80, 80], 12)
    walked = np.arange(0, 240, 2)
    assert (splits.assign(rows, walked, labels[walked]) == labels).all()


def test_resampling_tells_a_sure_group_from_one_at_the_edge() -> None:
    """Far apart: in all parts the same number, each image with its group, the split stands in all of them."""
    rows, _ = drawn([100, 100], 14)
    examined, stability = splits.resample(rows, found(rows), 0)
    assert set(stability.ks) == {2}
    assert examined[0].support == 1
    assert (stability.clusters == 1).all()
    assert np.nanmin(stability.images) == 1
    assert all(each.support < 0.2 for each in examined[1:])


@pytest.mark.parametrize("n", [2, 3, 7])
def test_a_few_images_are_one_group(n: int) -> None:
    """Fewer than twice the smallest group can't be split; of two images a random part is both of them."""
    rows, _ = drawn([n], 0)
    result = found(rows)
    examined, stability = splits.resample(rows, result, 0)
    assert result.k == 1
    assert examined == ()
    assert set(stability.ks) == {1}


def test_the_same_every_time_whatever_the_scale() -> None:
    """A factor of 1,000 in all features changes neither splits nor labels."""
    rows, _ = drawn([60, 70], 12)
    one, two = found(rows), found(rows * 1000)
    assert (one.labels == two.labels).all()
    assert [s.stands for s in one.splits] == [s.stands for s in two.splits]
