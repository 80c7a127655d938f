"""Scores against scikit-learn on labels; what stands beside them against brute force."""

import itertools
import json

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn import metrics

from core.clustering import intervals
from core.clustering import metrics as clustering_metrics
from core.clustering.contingency import contingency_table
from core.clustering.metrics import Agreement, mean_with_interval, score_clusters
from core.numeric.statistics import Score

ORACLES = {
    "ari": metrics.adjusted_rand_score,
    "nmi": metrics.normalized_mutual_info_score,
    "ami": metrics.adjusted_mutual_info_score,
    "homogeneity": metrics.homogeneity_score,
    "completeness": metrics.completeness_score,
    "v_measure": metrics.v_measure_score,
    "fowlkes_mallows": metrics.fowlkes_mallows_score,
}


def test_intervals_of_information_hold_where_errors_are_spread_thinly() -> None:
    """10 generators of 50 images, of which 1.4% are spread over the other clusters: NMI 0.956. Draws alone
    covered it in half of the sets, for 7 errors can't fill 90 cells; of 40 sets 35 or more must, as 95% do in
    99% of the cases (binomial)."""
    shares = (np.eye(10) * 0.985 + (1 - np.eye(10)) * 0.015 / 9) / 10
    truth, rng, inside = float(clustering_metrics.nmi(shares[None])[0]), np.random.default_rng(0), 0
    for _ in range(40):
        table = rng.multinomial(500, shares.ravel()).reshape(10, 10)
        drawn = intervals.posterior_tables(table, 499, rng)
        observed = float(clustering_metrics.nmi(table[None].astype(float))[0])
        information = clustering_metrics._drawn_information(table, drawn)
        low, high = clustering_metrics._interval("nmi", drawn, information, observed)
        inside += low <= truth <= high
        assert high - low < 0.1
    assert inside >= 35


def test_few_images_in_many_clusters_leave_no_score_of_information_sure() -> None:
    """30 images in 10 x 10 cells: chance explains more than all there is, which is no NMI of 1."""
    table = np.random.default_rng(0).multinomial(30, np.full(100, 0.01)).reshape(10, 10)
    names = tuple("abcdefghij")
    found = score_clusters(names, table).scores
    assert found["nmi"].low == 0
    assert found["ami"].low is not None
    assert found["ami"].low < 0


def drawn(seed: int, n: int = 50, generators: int = 3, clusters: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, generators, n)
    mixed = rng.random(n) < rng.random()
    return truth, np.where(mixed, rng.integers(0, clusters, n), truth)


def table_of(truth: np.ndarray, clusters: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    return contingency_table([f"g{label}" for label in truth], clusters)


@pytest.fixture(scope="module")
def one() -> Agreement:
    return score_clusters(*table_of(*drawn(0)))


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("seed", range(5))
def test_every_score_is_scikit_learns(name: str, seed: int) -> None:
    truth, clusters = drawn(seed)
    _, table = table_of(truth, clusters)
    score = {**clustering_metrics.FAST, **clustering_metrics.SLOW}[name](table[None].astype(float))
    assert score == pytest.approx(ORACLES[name](truth, clusters), abs=1e-9)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize(
    ("truth", "clusters"),
    [
        ([0, 0, 1, 1], [1, 1, 0, 0]),
        ([0, 0, 1, 1], [0, 1, 2, 3]),
        ([0, 1, 2, 3], [0, 1, 2, 3]),
        ([0, 0, 1, 1], [0, 1, 0, 1]),
        ([0, 0, 0, 1], [0, 0, 1, 1]),
    ],
    ids=["perfect", "all alone", "all alone twice", "independent", "uneven"],
)
def test_corner_cases_are_scikit_learns(name: str, truth: list[int], clusters: list[int]) -> None:
    _, table = table_of(np.array(truth), np.array(clusters))
    score = {**clustering_metrics.FAST, **clustering_metrics.SLOW}[name](table[None].astype(float))
    assert score == pytest.approx(ORACLES[name](truth, clusters), abs=1e-9)


def test_accuracy_tries_every_matching() -> None:
    """Brute force over all ways to give each of 3 generators one of 4 clusters."""
    _, table = table_of(*drawn(2))
    best = max(
        sum(table[row, column] for row, column in enumerate(chosen))
        for chosen in itertools.permutations(range(4), 3)
    )
    assert clustering_metrics.accuracy(table[None].astype(float)) == pytest.approx(best / table.sum())


def test_a_stack_of_tables_is_scored_one_by_one() -> None:
    tables = np.random.default_rng(0).integers(1, 9, (3, 3, 4)).astype(float)
    for score in (*clustering_metrics.FAST.values(), *clustering_metrics.SLOW.values()):
        assert score(tables) == pytest.approx(np.concatenate([score(table[None]) for table in tables]))


def test_contingency_by_hand_leaves_out_images_of_an_unknown_generator() -> None:
    names, table = contingency_table(["b", "a", None, "b", "b"], np.array([0, 2, 1, 0, 2]))
    assert names == ("a", "b")
    assert table.tolist() == [[0, 0, 1], [2, 0, 1]]


def test_agreement_holds_the_observed_values(one: Agreement) -> None:
    truth, clusters = drawn(0)
    for name, oracle in ORACLES.items():
        assert one.scores[name].value == pytest.approx(oracle(truth, clusters), abs=1e-9)
    assert set(one.scores) == set(clustering_metrics.NAMES)
    assert one.generators == ("g0", "g1", "g2")


def test_matching_is_scipys(one: Agreement) -> None:
    rows, columns = linear_sum_assignment(one.table, maximize=True)
    assert one.matching == tuple(columns[np.argsort(rows)])


def test_more_generators_than_clusters_leave_one_unmatched() -> None:
    """Perfect but for the third generator, which has no cluster of its own."""
    result = score_clusters(("a", "b", "c"), np.array([[5, 0], [0, 5], [1, 0]]))
    assert result.matching == (0, 1, None)
    assert result.scores["accuracy"].value == pytest.approx(10 / 11)


def test_p_value_and_chance_are_those_of_permuted_labels() -> None:
    """1200 permutations by hand and scikit-learn's ARI: a share of 1200 has a standard error below 0.015."""
    rng = np.random.default_rng(0)
    truth, clusters = np.repeat([0, 1], 8), np.array([0] * 5 + [1] * 3 + [0] * 2 + [1] * 6)
    result = score_clusters(*table_of(truth, clusters))
    observed = metrics.adjusted_rand_score(truth, clusters)
    permuted = np.array([metrics.adjusted_rand_score(rng.permutation(truth), clusters) for _ in range(1200)])
    assert result.p_value == pytest.approx((permuted >= observed - 1e-12).mean(), abs=0.05)
    assert result.scores["ari"].chance == pytest.approx(permuted.mean(), abs=0.01)
    assert result.chance_95 == pytest.approx(np.quantile(permuted, 0.95), abs=0.06)


def test_p_value_is_exact_for_a_table_that_can_be_counted() -> None:
    """4 + 4 images, perfect: 2 of the 70 ways to choose 4 of 8 do as well, so p is 2 / 70."""
    result = score_clusters(("a", "b"), np.array([[4, 0], [0, 4]]))
    assert result.p_value == pytest.approx(2 / 70, abs=0.006)


def test_p_value_is_never_zero() -> None:
    """(1 + 0) / (1 + 9999) at the least."""
    assert score_clusters(("a", "b"), np.array([[50, 0], [0, 50]])).p_value == 1e-4


def test_interval_is_that_of_resampled_images() -> None:
    """800 resamplings of the images by hand, scored by scikit-learn: away from the edge, where a bootstrap
    covers, the posterior is as wide."""
    truth, clusters = drawn(3)
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(truth), len(truth)) for _ in range(800)]
    expected = np.quantile(
        [metrics.adjusted_rand_score(truth[i], clusters[i]) for i in draws], [0.025, 0.975]
    )
    ari = score_clusters(*table_of(truth, clusters)).scores["ari"]
    assert (ari.low, ari.high) == pytest.approx(tuple(expected), abs=0.06)


@pytest.mark.parametrize("each", [4, 20, 500, 10**6])
def test_perfect_agreement_is_no_certainty(each: int) -> None:
    """By the rule of three, 3 / n of the images may be wrong. Of two equal classes of which a share e is on
    the other's side, ARI is about (1 - 2 e)^2, so 1 - 12 / n; the interval's lower end is within a factor of
    2 of that. Every score's interval ends at 1, and starts below."""
    scores = score_clusters(("a", "b"), np.diag([each, each])).scores
    assert all((score.value, score.high) == (pytest.approx(1), pytest.approx(1)) for score in scores.values())
    assert all(score.low < score.value for score in scores.values())
    low = scores["ari"].low
    assert low is not None
    assert 0.5 < (1 - low) / (1 - (1 - 6 / (2 * each)) ** 2) < 2 or each == 4


@pytest.mark.parametrize("truth", [0.995, 0.9])
def test_intervals_cover(truth: float) -> None:
    """200 sets of 150 images of 3 generators, of which a share e is spread over the other two clusters; ARI
    of that population is (1 - 1.5 e)^2. Of 200 intervals that cover with 0.95, 181 do with a probability of
    0.995. The percentile bootstrap covers the first in 24%."""
    e = (1 - truth**0.5) / 1.5
    share = (np.eye(3) * (1 - 1.5 * e) + e / 2) / 3
    rng = np.random.default_rng(5)
    covered = 0
    for number in range(200):
        table = rng.multinomial(150, share.ravel()).reshape(3, 3)
        drawn = intervals.posterior_tables(table, 999, np.random.default_rng(number))
        observed = float(clustering_metrics.ari(table[None].astype(float))[0])
        low, high = intervals.interval(clustering_metrics.ari, drawn, observed)
        covered += low <= truth <= high
        assert low < high
    assert clustering_metrics.ari(share[None] * 1e9) == pytest.approx(truth, abs=1e-6)
    assert covered >= 181


def test_equal_silhouettes_have_no_interval() -> None:
    assert mean_with_interval(np.ones(8)) == Score(1.0)


def test_the_same_seed_gives_the_same_and_another_seed_nearly_so(one: Agreement) -> None:
    again, other = (score_clusters(one.generators, one.table, seed) for seed in (0, 1))
    assert again.scores == one.scores
    assert again.p_value == one.p_value
    assert other.scores["ari"].low != one.scores["ari"].low
    assert other.scores["ari"].low == pytest.approx(one.scores["ari"].low, abs=0.05)


@pytest.mark.parametrize(
    ("truth", "clusters", "reason"),
    [
        ([None, None], [0, 1], "no image has a generator label"),
        (["a", "a"], [0, 1], "all images come from one generator, a"),
        (["a", "b"], [0, 0], "all images are in one cluster"),
        (["a", "b", None], [1, 1, 0], "all images are in one cluster"),
    ],
)
def test_undefined_is_a_reason_and_never_a_number(
    truth: list[str | None], clusters: list[int], reason: str
) -> None:
    result = score_clusters(*contingency_table(truth, np.array(clusters)))
    assert {score.undefined for score in result.scores.values()} == {reason}
    assert {score.value for score in result.scores.values()} == {None}
    assert (result.p_value, result.chance_95) == (None, None)
    assert len(result.matching) == len(result.generators)


@pytest.mark.parametrize(
    "truth", [["a", "b", "a"], ["a", "a", "a"], [None, None, None]], ids=["defined", "one", "none"]
)
def test_an_agreement_goes_to_json_and_back(truth: list[str | None]) -> None:
    result = score_clusters(*contingency_table(truth, np.array([0, 1, 0])))
    back = Agreement.from_json(json.loads(json.dumps(result.as_json())))
    assert back.scores == result.scores
    assert (back.p_value, back.chance_95, back.generators) == (
        result.p_value,
        result.chance_95,
        result.generators,
    )
    assert back.matching == result.matching
    assert back.table.shape[0] == len(result.generators)
    assert back.table.tolist() == result.table.tolist()


def test_mean_score() -> None:
    """The interval of a mean is about 1.96 standard errors to each side."""
    samples = np.random.default_rng(0).normal(0.5, 0.1, 400)
    score = mean_with_interval(samples)
    half = 1.96 * samples.std() / np.sqrt(len(samples))
    assert score.value == pytest.approx(samples.mean())
    assert (score.low, score.high) == pytest.approx((samples.mean() - half, samples.mean() + half), abs=0.002)
    assert mean_with_interval(None).value is None
    assert "at least two clusters" in str(mean_with_interval(None).undefined)


def test_chance_information_of_a_large_set_is_scikit_learns() -> None:
    """40,000 images, where the short sum skips nearly all counts: scikit-learn's whole sum, to 1e-9;
    a generator and a cluster of one image are among them."""
    from sklearn.metrics.cluster import expected_mutual_information

    table = np.array([[9000, 3000, 0, 0], [2000, 14000, 500, 1], [300, 4000, 7198, 0], [0, 0, 1, 0]])
    expected = expected_mutual_information(table.astype(np.int64), int(table.sum()))
    assert clustering_metrics._expected_information(table) == pytest.approx(expected, abs=1e-9)
    assert table.sum() == 40_000
