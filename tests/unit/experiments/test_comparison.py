"""Two answers side by side: paired differences, and which images changed."""

from dataclasses import replace

import numpy as np
import pytest

from core.attribution.pipeline import Attribution
from core.clustering import contingency, metrics
from core.config import ClusterSpec, MembershipConfig, PipelineConfig
from core.engine import Engine
from core.errors import BadChoice
from core.experiments.comparison import Comparison, compare
from core.features import catalog
from core.images.library import Library
from core.store import Store
from tests.support.samples import make_set
from tests.unit.membership.test_cluster_distance import PIXELS, leaky
from tests.unit.test_engine import LBP


@pytest.fixture
def by(store: Store, library: Library) -> Engine:
    return Engine(store, library)


def of_clusters(answer: Attribution, clusters: np.ndarray) -> Attribution:
    """The same answer with other clusters, scored anew."""
    names, table = contingency.contingency_table([file.label for file in answer.files], clusters)
    return replace(answer, clusters=clusters, agreement=metrics.score_clusters(names, table))


@pytest.fixture
def perfect(by: Engine, library: Library) -> Attribution:
    """18 images of 3 generators, 6 each, in clusters that are the generators."""
    answer = by.answer([make_set(library)], PipelineConfig(LBP, cluster=ClusterSpec(k=3)))
    assert isinstance(answer, Attribution)
    names = sorted({str(file.label) for file in answer.files})
    return of_clusters(answer, np.array([names.index(str(file.label)) for file in answer.files]))


def test_an_answer_does_not_differ_from_itself(perfect: Attribution) -> None:
    same = compare(perfect, perfect)
    assert not len(same.changed)
    assert [(s.value, s.low, s.high) for s in same.differences.values()] == [(0.0, 0.0, 0.0)] * 2


def test_renumbered_clusters_are_no_change(perfect: Attribution) -> None:
    renamed = of_clusters(perfect, np.array([2, 0, 1])[perfect.clusters])
    assert not len(compare(perfect, renamed).changed)


def test_two_moved_images_are_the_two_that_changed(perfect: Attribution) -> None:
    """By hand: two of 18 leave their cluster for the next; the ARI falls by what the table says."""
    clusters = perfect.clusters.copy()
    moved = np.flatnonzero(clusters == 0)[:2]
    clusters[moved] = 1
    worse = of_clusters(perfect, clusters)
    found = compare(perfect, worse)
    assert found.changed.tolist() == moved.tolist()
    expected = worse.agreement.scores["ari"].value - 1  # type: ignore[operator]
    ari = found.differences["ari"]
    assert ari.value == pytest.approx(expected)
    assert ari.low < expected < ari.high <= 0  # type: ignore[operator]


def test_pairing_narrows_the_interval(perfect: Attribution) -> None:
    """Both make the same mistake, and one another: the shared one drops out, so the difference's interval
    is narrower than that of two independent scores, whose variances would add."""
    clusters = perfect.clusters.copy()
    clusters[np.flatnonzero(clusters == 0)[:3]] = 1
    both = of_clusters(perfect, clusters)
    clusters = clusters.copy()
    clusters[np.flatnonzero(perfect.clusters == 2)[:1]] = 1
    one_more = of_clusters(perfect, clusters)
    paired = compare(both, one_more).differences["ari"]
    alone = [answer.agreement.scores["ari"] for answer in (both, one_more)]
    independent = np.hypot(*[score.high - score.low for score in alone])  # type: ignore[operator]
    assert paired.high - paired.low < independent  # type: ignore[operator]


def test_training_data_compares_distances_and_calls(by: Engine, library: Library) -> None:
    sets = [leaky(library, "dev", 1), leaky(library, "test", 1)]
    good, poor = (by.answer(sets, MembershipConfig(spec)) for spec in (PIXELS, catalog.spec("lbp")))
    found: Comparison = compare(good, poor)
    auc = found.differences["auc"]
    verdicts = [answer.reported.verdict.scores["auc"].value for answer in (good, poor)]  # type: ignore[union-attr]
    assert auc.value == pytest.approx(verdicts[1] - verdicts[0])
    assert auc.low <= auc.value <= auc.high  # type: ignore[operator]
    calls = [answer.reported.predicted for answer in (good, poor)]  # type: ignore[union-attr]
    assert found.changed.tolist() == np.flatnonzero(calls[0] != calls[1]).tolist()


def test_unlike_questions_and_other_images_are_refused(
    by: Engine, library: Library, perfect: Attribution
) -> None:
    sets = [leaky(library, "dev", 1)]
    membership = by.answer(sets, MembershipConfig(PIXELS))
    with pytest.raises(BadChoice, match="select two of the same kind"):
        compare(perfect, membership)
    with pytest.raises(BadChoice, match="on different images"):
        compare(perfect, replace(perfect, files=perfect.files[:-1], clusters=perfect.clusters[:-1]))
