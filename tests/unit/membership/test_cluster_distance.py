"""From sets to a verdict: a leak that is known is found, and the protocol holds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.config import MembershipConfig, PipelineConfig
from core.errors import BadChoice, UnknownName
from core.features import catalog
from core.images.library import Library
from core.inference.runtime import Effort
from core.membership import metrics
from core.membership.cluster_distance import ClusterDistanceAttack
from core.membership.evaluation import ground_truth
from core.store import Store
from core.types import ImageFile, ImageSet, Role

PIXELS = catalog.spec("pixels", options={"side": 8})


def field(rng: np.random.Generator) -> np.ndarray:
    """uint8 (32, 32): a random coarse pattern, so that two of them are far apart."""
    return np.kron(rng.integers(30, 226, (4, 4)), np.ones((8, 8))).astype(np.uint8)


def leaky(
    library: Library, name: str, copied: float, patients: int = 12, seed: int = 0, unknown: bool = False
) -> ImageSet:
    """``patients`` used and as many not used, 2 slices each; a share of the generated are noisy copies."""
    rng = np.random.default_rng((seed, len(name)))
    files: list[ImageFile] = []
    roles = {Role.REAL_USED: "u", Role.REAL_NOT_USED: "n"}
    used = []
    for role, letter in roles.items():
        for number in range(2 * patients):
            pixels = field(rng)
            used += [pixels] * (role is Role.REAL_USED)
            known = Role.REAL_UNKNOWN if unknown else role
            group = f"{name}-{letter}{number // 2}"
            files.append(
                ImageFile(f"{known}/{letter}{number:02}.png", library.add_pixels(pixels), known, group=group)
            )
    for number, original in enumerate(used):
        source = original if number < copied * len(used) else field(rng)
        noisy = np.clip(source + rng.normal(0, 3, source.shape), 0, 255).astype(np.uint8)
        files.append(ImageFile(f"generated/{number:02}.png", library.add_pixels(noisy)))
    image_set = ImageSet(name, "membership", tuple(files))
    library.add(image_set)
    return image_set


@pytest.fixture
def engine(store: Store, library: Library) -> ClusterDistanceAttack:
    return ClusterDistanceAttack(store, library, Effort(8, 2))


def config(**choice: object) -> MembershipConfig:
    return MembershipConfig(PIXELS, **choice)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["hierarchical", "kmeans"])
def test_a_generator_that_copies_is_found_out(
    method: str, engine: ClusterDistanceAttack, library: Library
) -> None:
    """Every used image has a near copy; all but perfect, as a cluster may hold two of the copies."""
    result = engine.run(leaky(library, "dev", 1), leaky(library, "test", 1), config(method=method))
    assert result.test is not None
    assert result.test.verdict is not None
    assert result.test.verdict.scores["auc"].value > 0.99
    assert result.test.verdict.scores["f1"].value == pytest.approx(1, abs=0.05)
    assert result.chosen[0] == "min"
    assert result.outcome == "leak"


def test_a_generator_that_copies_nothing_is_not_accused(
    engine: ClusterDistanceAttack, library: Library
) -> None:
    result = engine.run(leaky(library, "dev", 0), leaky(library, "test", 0), config())
    assert result.outcome == "none found"
    assert result.test is not None
    assert result.test.p_value is not None
    assert result.test.p_value > 0.05


def test_the_choice_on_development_is_paid_for(engine: ClusterDistanceAttack, library: Library) -> None:
    """Development's p-value is over all distances that it chose among: never below that of the chosen."""
    result = engine.run(leaky(library, "dev", 0.2), None, config())
    assert result.test is None
    assert result.dev.verdict is not None
    assert result.dev.verdict.p_value is not None
    assert result.dev.p_value is not None
    assert result.dev.p_value >= result.dev.verdict.p_value


def test_the_test_set_decides_nothing(engine: ClusterDistanceAttack, library: Library) -> None:
    """With its roles turned round the choice, the distances and the predictions are the same."""
    dev, test = leaky(library, "dev", 0.5), leaky(library, "test", 0.5)
    other = {Role.REAL_USED: Role.REAL_NOT_USED, Role.REAL_NOT_USED: Role.REAL_USED}
    turned = ImageSet(
        "turned",
        "membership",
        tuple(ImageFile(f.name, f.sha256, other.get(f.role, f.role), f.label, f.group) for f in test.files),
    )
    first, second = (engine.run(dev, part, config()) for part in (test, turned))
    assert first.development.choice == second.development.choice
    assert first.test is not None
    assert second.test is not None
    np.testing.assert_array_equal(first.test.predicted, second.test.predicted)


def test_images_of_unknown_truth_get_predictions_and_no_score(
    engine: ClusterDistanceAttack, library: Library
) -> None:
    result = engine.run(leaky(library, "dev", 1), leaky(library, "test", 1, unknown=True), config())
    assert result.test is not None
    assert result.test.verdict is None
    assert result.outcome == "undefined"
    assert "predictions but no scores" in result.sentence
    called = {
        file.name[13:14]: value for file, value in zip(result.test.files, result.test.predicted, strict=True)
    }
    assert called == {"u": True, "n": False}


def test_fixed_choices_are_kept(engine: ClusterDistanceAttack, library: Library) -> None:
    result = engine.run(leaky(library, "dev", 1), None, config(distance="avg", k=4, rule="median"))
    assert result.chosen == ("avg", 4, "median")
    assert result.candidates == (("avg", 4),)


def test_a_second_run_embeds_and_measures_nothing(
    engine: ClusterDistanceAttack, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = leaky(library, "dev", 1)
    first = engine.run(dev, None, config())
    assert not first.cached
    monkeypatch.setattr(engine.embedder, "embed", None)
    second = engine.run(dev, None, config(rule="median"))
    assert second.cached


def test_a_small_test_set_changes_nothing_on_development(
    engine: ClusterDistanceAttack, library: Library
) -> None:
    """24 generated images on development, 8 in test: the sweep goes to 20 all the same. In test each of the 8
    is then a cluster, which is said if more were selected."""
    dev, small = leaky(library, "dev", 1), leaky(library, "test", 1, patients=4)
    alone, result = engine.run(dev, None, config()), engine.run(dev, small, config())
    assert max(k for _, k in result.candidates) == 20
    assert result.development.choice == alone.development.choice
    assert result.dev.verdict == alone.dev.verdict
    said = "'test' has only 8 generated images" in " ".join(result.notes)
    assert said == (result.chosen[1] > 8)
    assert result.test is not None
    assert np.isfinite(result.test.distance).all()
    assert engine.over_k(dev, small, config(), "means").curves.test is not None


def copied(image_set: ImageSet, library: Library) -> ImageSet:
    """Each generated image twice, under two names."""
    again = tuple(replace(file, name=f"again/{file.name}") for file in image_set.generated)
    found = ImageSet(f"{image_set.name} copied", "membership", (*image_set.files, *again))
    library.add(found)
    return found


def test_no_k_separates_copies(engine: ClusterDistanceAttack, library: Library) -> None:
    """48 generated images, of which 24 are distinct: k goes up to 20, the last of the sweep below 25, on
    development; on a test set of 8 distinct ones each of these is a cluster. Nobody can ask for 30."""
    dev = copied(leaky(library, "dev", 1), library)
    result = engine.run(dev, None, config())
    assert max(k for _, k in result.candidates) == 20
    assert engine.over_k(dev, None, config(), "median").candidates == result.candidates
    test = leaky(library, "test", 1)
    few = tuple(file for file in test.files if file.role is not Role.GENERATED or file in test.generated[:8])
    small = copied(ImageSet("few", "membership", few), library)
    fixed = engine.run(leaky(library, "other dev", 1), small, config(distance="min"))
    assert fixed.test is not None
    assert np.isfinite(fixed.test.distance).all()
    if fixed.chosen[1] > 8:
        assert "'few copied' has only 8 distinct generated images" in " ".join(fixed.notes)
    with pytest.raises(BadChoice, match="only 24 of the 48 images have distinct features"):
        engine.run(dev, None, config(k=30))


def test_copies_of_a_single_image_are_one_cluster(engine: ClusterDistanceAttack, library: Library) -> None:
    whole = leaky(library, "dev", 1)
    one = whole.generated[0]
    same = (*whole.real, *(replace(one, name=f"{i}.png") for i in range(5)))
    result = engine.run(ImageSet("same", "membership", same), None, config(distance="min"))
    assert result.candidates == (("min", 1),)


def test_p_on_development_is_that_of_the_chosen_distance(
    engine: ClusterDistanceAttack, library: Library
) -> None:
    """How many permutations have a best AUC of all candidates that reaches the chosen one's."""
    dev = leaky(library, "dev", 0)
    result = engine.run(dev, None, config())
    truth, _ = ground_truth(dev.real)
    rows = engine.candidate_distances(dev, result)
    best = metrics.permuted_best_auc(rows, truth, 0)
    own = metrics.auc(rows[[result.development.choice.row]], truth.used)[0, 0]
    assert result.dev.p_value == metrics.p_value(own, best)


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"distance": "max"}, "distance must be one of min, avg, best; got 'max'"),
        ({"linkage": "star"}, "linkage is one of"),
        ({"method": "dbscan"}, "cluster is one of"),
        ({"k": 99}, "k is 99, but this data set has 24 generated images"),
        ({"rule": "centroid"}, "The rule 'centroid' is for reconstruct --decision ssim only"),
        ({"seed": -1}, "A seed is a whole number from 0 to"),
    ],
)
def test_a_mistake_is_one_sentence(
    choice: dict[str, object], sentence: str, engine: ClusterDistanceAttack, library: Library
) -> None:
    with pytest.raises(BadChoice, match=sentence):
        engine.run(leaky(library, "dev", 1), None, config(**choice))


@pytest.mark.parametrize("choice", [{"crop": "heart"}, {"rule": "luck"}])
def test_unknown_names_are_told(
    choice: dict[str, object], engine: ClusterDistanceAttack, library: Library
) -> None:
    with pytest.raises(UnknownName):
        engine.run(leaky(library, "dev", 1), None, config(**choice))


def test_k_is_a_number_or_sweep() -> None:
    with pytest.raises(BadChoice, match="k is a whole number from 1, or 'sweep'; got 'auto'"):
        config(k="auto")


def test_a_set_without_what_it_takes_says_so(engine: ClusterDistanceAttack, library: Library) -> None:
    dev = leaky(library, "dev", 1)
    without = ImageSet("none", "membership", tuple(f for f in dev.files if f.role is not Role.REAL_NOT_USED))
    with pytest.raises(BadChoice, match="no real image labelled “not used”"):
        engine.run(without, None, config())
    only = ImageSet("only", "generators", tuple(f for f in dev.files if f.role is Role.GENERATED))
    with pytest.raises(BadChoice, match="24 generated images and 0 real images"):
        engine.run(only, None, config())
    unknown = leaky(library, "unknown", 1, unknown=True)
    with pytest.raises(BadChoice, match="has no labelled real image"):
        engine.run(unknown, dev, config())


def test_the_shared_real_set_leaks(
    shared_data: Path, engine: ClusterDistanceAttack, library: Library
) -> None:
    """membership-dev/DB1: a generator that is known to leak, which a plain notebook finds with AUC 0.91."""
    from core.images.importing.importer import import_path

    report = import_path(shared_data / "membership-dev" / "DB1", "DB1", library, "auto", None)
    spec = catalog.spec("pixels", options={"side": 64})
    result = engine.run(report.image_set, None, MembershipConfig(spec))
    assert result.outcome == "leak"


def test_crops_share_no_embeddings_and_flat_names_them() -> None:
    assert PipelineConfig(PIXELS).flat()["crop"] == "full"
    assert len(config(crop="patch").crops()) == 3
    assert len({crop.seed for crop in config(crop="patch").crops()}) == 3
    assert config(crop="lung").flat()["draws"] is None


@pytest.mark.parametrize("method", ["hierarchical", "kmeans"])
def test_other_file_names_change_no_number(
    method: str, engine: ClusterDistanceAttack, library: Library
) -> None:
    """The same pixels and roles, without groups, under names that sort the other way: not one bit differs."""
    whole = leaky(library, "dev", 0.3)
    count = len(whole.files)

    def renamed(name: str, turned: bool) -> ImageSet:
        files = [
            ImageFile(f"{count - i if turned else i:03}.png", f.sha256, f.role)
            for i, f in enumerate(whole.files)
        ]
        return ImageSet(name, "membership", tuple(sorted(files, key=lambda file: file.name)))

    one, other = (
        engine.run(renamed(str(turned), turned), None, config(method=method)) for turned in (False, True)
    )
    assert one.chosen == other.chosen
    assert one.development.choice == other.development.choice
    assert one.dev.verdict == other.dev.verdict
    assert one.dev.p_value == other.dev.p_value
    assert one.sentence == other.sentence
    for part in ("distance", "predicted"):
        by_hash = [
            dict(zip((f.sha256 for f in r.dev.files), getattr(r.dev, part).tolist(), strict=True))
            for r in (one, other)
        ]
        assert by_hash[0] == by_hash[1]


@pytest.mark.parametrize("with_test", [False, True])
def test_swapped_folders_are_said_first(
    with_test: bool, engine: ClusterDistanceAttack, library: Library
) -> None:
    """Generated images are near-copies of the slices labelled "not used": AUC near 0, F1 no better than the
    baseline, p near 1, and the question whether the folders are swapped."""
    other = {Role.REAL_USED: Role.REAL_NOT_USED, Role.REAL_NOT_USED: Role.REAL_USED}

    def swapped(name: str) -> ImageSet:
        files = leaky(library, name, 1).files
        turned = (ImageFile(f.name, f.sha256, other.get(f.role, f.role), f.label, f.group) for f in files)
        return ImageSet(name, "membership", tuple(turned))

    result = engine.run(swapped("dev"), swapped("test") if with_test else None, config())
    assert result.outcome == "reversed"
    assert result.sentence.startswith("Used images are farther")
    assert result.reported.verdict is not None
    scores = result.reported.verdict.scores
    assert scores["auc"].value is not None
    assert scores["f1"].value is not None
    assert scores["auc"].value < 0.5
    assert scores["f1"].value <= 0.67
    assert result.reported.p_value is not None
    assert result.reported.p_value > 0.5
