"""The demo sets as they are installed: their truth, and that it can be found, but not by a give-away."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from core.attribution.pipeline import Pipeline
from core.config import ClusterSpec, PipelineConfig, ReduceSpec
from core.features import catalog
from core.images.library import Library
from core.store import Store
from core.types import ImageSet, Role
from demo import sets
from demo.dial import STOPS
from demo.generators import NAMES, WEIGHTS, sample
from demo.install import install

NAMED = [recipe.name for recipe in sets.recipes()]
MEMBERSHIP = [(database, part) for database in sets.PATIENTS for part in sets.PARTS]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = Library(tmp_path_factory.mktemp("demo"))
    assert install(library).added == tuple(NAMED)
    return library


def pixels(library: Library, image_set: ImageSet, role: Role) -> np.ndarray:
    """float (n, 64 * 64): the mean of each 4 x 4 px."""
    images = np.stack([library.pixels(file.sha256) for file in image_set.files if file.role is role])
    return images.reshape(len(images), 64, 4, 64, 4).mean((2, 4)).reshape(len(images), -1)


# -- what there is ------------------------------------------------------------------------------------


def test_sets_are_as_large_as_promised(demo: Library) -> None:
    """Development 3 models x 200, test 4 x 250; DB1 100 + 100 real, DB2 more."""
    counts = {name: demo.get(name).counts("label") for name in NAMED[:2]}
    assert counts["Demo generators development"] == {"eigen": 200, "vae": 200, "gan_transposed": 200}
    assert counts["Demo generators test"] == dict.fromkeys(NAMES, 250)
    assert len(NAMED) == 2 + len(MEMBERSHIP) * len(STOPS)
    for name in NAMED[2:]:
        each = 100 if "DB1" in name else 144
        assert demo.get(name).counts("role") == dict.fromkeys(
            ("generated", "real_used", "real_not_used"), each
        )


def test_all_images_are_as_the_challenges(demo: Library) -> None:
    for name in NAMED:
        assert demo.pixels(demo.get(name).files[0].sha256).shape == (256, 256)


def test_no_image_is_twice_in_a_set(demo: Library) -> None:
    assert not any(demo.get(name).duplicates for name in NAMED)


def test_a_patient_is_in_one_role_and_one_part(demo: Library) -> None:
    for database in sets.PATIENTS:
        seen: dict[str, set[tuple[str, Role]]] = {}
        for part in sets.PARTS:
            for file in demo.get(f"Demo membership {database} {part}, dial 1").files:
                if file.group:
                    seen.setdefault(file.group, set()).add((part, file.role))
        assert len(seen) == 4 * sets.PATIENTS[database]
        assert all(len(places) == 1 for places in seen.values())


def test_the_dial_turns_the_generated_images_alone(demo: Library) -> None:
    """The real images and their truth are the same at every stop."""
    for database, part in MEMBERSHIP:
        stops = [demo.get(f"Demo membership {database} {part}, dial {stop:g}") for stop in STOPS]
        real = [{file for file in each.files if file.role is not Role.GENERATED} for each in stops]
        assert real[0] == real[1] == real[2]


def test_a_second_installation_does_nothing(demo: Library) -> None:
    again = install(demo)
    assert (again.added, again.present) == ((), tuple(NAMED))


def test_processes_change_nothing(demo: Library, tmp_path: Path) -> None:
    library = Library(tmp_path)
    install(library, lambda name: name == NAMED[3], processes=1)
    assert library.get(NAMED[3]).files == demo.get(NAMED[3]).files


def test_an_interrupted_installation_goes_on(demo: Library, tmp_path: Path) -> None:
    library = Library(tmp_path)
    install(library, lambda name: name == NAMED[2])
    rest = install(library, lambda name: "DB1 development" in name)
    assert (len(rest.added), rest.present) == (2, (NAMED[2],))


def test_the_files_stay_small() -> None:
    """Below 40 MB in all, so that a clone stays quick."""
    files = [*sets.DATA.iterdir(), *WEIGHTS.iterdir()]
    assert sum(path.stat().st_size for path in files) < 40e6


# -- the generators -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_weights_that_ship_make_the_images_that_ship(name: str) -> None:
    """Rounding on another CPU may move a pixel by one grey level."""
    made = sample(name, sets.GENERATED["test"], sets.model_seed(name, "test"))[:20]
    shipped = sets.sheet(f"{name}-test")[:20]
    assert np.abs(made.astype(int) - shipped).max() <= 1


def test_no_generator_repeats_itself() -> None:
    """The nearest two of 100 images of a model differ by more than noise: 2 grey levels in the mean."""
    for name in NAMES:
        some = sets.sheet(f"{name}-test")[:100].reshape(100, -1).astype(float)
        apart = [np.abs(some[index] - np.delete(some, index, 0)).mean(1).min() for index in range(100)]
        assert min(apart) > 2, name


@pytest.mark.parametrize("name", NAMED[:2])
def test_mean_intensity_does_not_give_the_generator_away(name: str, demo: Library) -> None:
    image_set = demo.get(name)
    means = [[demo.pixels(file.sha256).mean()] for file in image_set.files]
    truth = [file.label for file in image_set.files]
    found = KMeans(len(set(truth)), n_init=10, random_state=0).fit_predict(means)
    assert adjusted_rand_score(truth, found) < 0.3


@pytest.mark.parametrize("name", NAMED[:2])
def test_the_default_backbone_tells_the_generators_apart(name: str, demo: Library, store: Store) -> None:
    config = PipelineConfig(catalog.spec(catalog.DEFAULT), ReduceSpec(0.95), ClusterSpec("kmeans"))
    result = Pipeline(store, demo).attribute(demo.get(name), config)
    assert result.agreement is not None
    assert result.agreement.scores["ari"].value > 0.9


# -- the dial -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=MEMBERSHIP, ids="-".join)
def attacked(demo: Library, request: pytest.FixtureRequest) -> list[tuple[float, float, float]]:
    """ROC AUC, with its 95% interval, of the distance to the nearest generated image, at each stop."""
    found = []
    first = demo.get(f"Demo membership {' '.join(request.param)}, dial {STOPS[0]:g}")
    real = [pixels(demo, first, role) for role in (Role.REAL_USED, Role.REAL_NOT_USED)]  # of every stop
    for stop in STOPS:
        image_set = demo.get(f"Demo membership {' '.join(request.param)}, dial {stop:g}")
        made = pixels(demo, image_set, Role.GENERATED)
        found.append(auc(*(nearest(each, made) for each in real)))
    return found


def nearest(real: np.ndarray, made: np.ndarray) -> np.ndarray:
    return np.array([((made - image) ** 2).mean(1).min() for image in real])


def auc(used: np.ndarray, not_used: np.ndarray) -> tuple[float, float, float]:
    """Value and interval; whole patients are drawn again, as the 4 slices of one are not independent.

    It is the share of pairs in which the used one is nearer; so a draw is rows and columns of one table."""
    nearer = (used[:, None] < not_used) + 0.5 * (used[:, None] == not_used)
    patients = nearer.reshape(len(used) // 4, 4, len(not_used) // 4, 4).mean((1, 3))
    rng = np.random.default_rng(0)
    drawn = (np.ix_(*(rng.integers(0, side, side) for side in patients.shape)) for _ in range(1000))
    draws = [patients[places].mean() for places in drawn]
    return float(patients.mean()), *np.quantile(draws, [0.025, 0.975])


def test_at_0_the_attack_finds_nothing(attacked: list[tuple[float, float, float]]) -> None:
    _, low, high = attacked[0]
    assert low <= 0.5 <= high


def test_at_1_the_attack_finds_everyone(attacked: list[tuple[float, float, float]]) -> None:
    assert attacked[-1][0] > 0.95


def test_the_attack_rises_with_the_dial(attacked: list[tuple[float, float, float]]) -> None:
    assert all(higher[0] > lower[0] for lower, higher in pairwise(attacked))


def test_half_a_memory_gives_the_attack_three_quarters(attacked: list[tuple[float, float, float]]) -> None:
    """Half of the used have copies and are found, the others are guessed: (1 + 0.5) / 2."""
    _, low, high = attacked[1]
    assert low <= 0.75 <= high
