"""The phantom: densities where anatomy says so, exact masks, the same patient from the same seed."""

import numpy as np
import pytest

from demo.phantom.patient import LUNG_HEIGHT, Patient, draw
from demo.phantom.scanner import OUTSIDE, scan, windowed
from demo.phantom.shapes import Grid, capsule, ellipse, joined, superellipse
from demo.phantom.thorax import Slice, cut
from demo.phantom.vessels import MURRAY, coverage, grow
from demo.population import levels, scans
from demo.streams import SLICES, Stream

PATIENTS = range(6)


@pytest.fixture(scope="module", params=PATIENTS)
def patient(request: pytest.FixtureRequest) -> Patient:
    return draw(9, request.param)


@pytest.fixture(scope="module", params=(0.2, 0.5, 0.75))
def drawn(patient: Patient, request: pytest.FixtureRequest) -> Slice:
    return cut(patient, request.param)


def test_the_same_seed_gives_the_same_slice(patient: Patient) -> None:
    again = draw(*patient.seed)
    assert again == patient
    np.testing.assert_array_equal(cut(again, 0.4).hu, cut(patient, 0.4).hu)


def test_other_seeds_give_other_people() -> None:
    assert len({draw(9, number).half for number in range(50)}) == 50


def test_densities_are_those_of_the_textbook(drawn: Slice) -> None:
    """From air, -1000 HU, to cortical bone, 900; the lungs are mostly air, the rest of the body is not."""
    assert drawn.hu.min() >= -1010
    assert drawn.hu.max() <= 910
    assert -930 < np.median(drawn.hu[drawn.lungs]) < -720
    assert (drawn.hu > 600).sum() > 100  # bone
    assert np.mean(drawn.hu > -300) > 0.2  # tissue


def test_the_lungs_are_two_and_as_large_as_lungs_are(drawn: Slice, patient: Patient) -> None:
    """Two adult lungs cut across measure 80 to 500 cm2 here; left and right are both there."""
    pixel = patient.field_of_view / len(drawn.hu) / 10
    area = drawn.lungs.sum() * pixel**2
    assert 80 < area < 500
    half = drawn.lungs.shape[1] // 2
    left, right = drawn.lungs[:, half:].sum(), drawn.lungs[:, :half].sum()
    assert 0.3 < left / right < 3


def test_the_mask_holds_the_lungs_air_and_neither_the_trachea_nor_the_room() -> None:
    """Level 0.3 is above the fork: the trachea's air lies in the middle, outside the mask."""
    patient = draw(9, 0)
    drawn = cut(patient, 0.3)
    inside = Grid.of(256, patient.field_of_view).moved(patient.shift, patient.turn)
    trachea = np.hypot(inside.x + 2, inside.y - _trachea(patient, 0.3)) < 4
    assert drawn.hu[trachea].max() < -900
    assert not drawn.lungs[trachea].any()
    assert not drawn.lungs[0].any()


def _trachea(patient: Patient, level: float) -> float:
    narrow = 0.52 + 0.48 * (level / 0.42) ** 0.6
    return patient.cavity[1] * (0.75 + 0.25 * narrow) - 66


def test_neighbouring_slices_look_alike_and_strangers_do_not() -> None:
    first, second = (cut(draw(9, 1), level).hu for level in (0.5, 0.5 + 5 / LUNG_HEIGHT))
    other = cut(draw(9, 2), 0.5).hu
    assert np.abs(first - second).mean() < 0.5 * np.abs(first - other).mean()


# -- shapes -------------------------------------------------------------------------------------------


def test_an_ellipse_covers_its_area() -> None:
    """pi a b, on pixels of 1 mm."""
    grid = Grid.of(200, 200)
    covered = grid.coverage(ellipse(grid, (5, -3), (60, 30), 25)).sum()
    assert covered == pytest.approx(np.pi * 60 * 30, rel=0.005)


def test_a_capsule_covers_its_area() -> None:
    """A rectangle of 2 r by its length, and a circle for the two ends."""
    grid = Grid.of(200, 200)
    covered = grid.coverage(capsule(grid, (-30, 0), (10, 30), 8)).sum()
    assert covered == pytest.approx(2 * 8 * 50 + np.pi * 64, rel=0.01)


def test_a_superellipse_of_two_is_an_ellipse() -> None:
    """At 0 its radius is a, at a right angle b, between them as the ellipse's equation says."""
    angle = np.array([0, np.pi / 2, 0.7])
    radius = superellipse(angle, (3, 2), 2)
    assert radius[:2] == pytest.approx([3, 2])
    assert (radius[2] * np.cos(0.7) / 3) ** 2 + (radius[2] * np.sin(0.7) / 2) ** 2 == pytest.approx(1)


def test_a_union_holds_both_and_fills_the_corner() -> None:
    """Away from each other the smaller distance; where both are 0, a quarter of the blend inside."""
    assert joined(np.array([-5.0, 9.0]), np.array([9.0, -5.0]), 2).tolist() == [-5, -5]
    assert joined(np.zeros(1), np.zeros(1), 8).tolist() == [-2]


def test_a_box_finds_its_points_in_a_turned_grid() -> None:
    """The pixel nearest to a point lies within the rows and columns around it."""
    grid = Grid.of(256, 384).moved((12, -20), 15)
    for point in ((50.0, 30.0), (-80.0, 10.0), (0.0, -60.0)):
        rows, columns = grid.box(np.array([point]), 3)
        nearest = np.hypot(grid.x - point[0], grid.y - point[1])
        row, column = np.unravel_index(nearest.argmin(), nearest.shape)
        assert rows.start <= row < rows.stop
        assert columns.start <= column < columns.stop


def test_a_tree_branches_in_two_and_thins_by_murrays_law() -> None:
    """Stem radius times 2^(-1/3) a generation, within the jitter of 10% each."""
    aims = np.array([[100.0, 0, 120], [100, 50, 60]])
    tree = grow(np.random.default_rng(0), np.array([30.0, 0, 100]), aims, radius=4, reach=100)
    sizes = [2 * 2**generation for generation in range(9)]
    assert len(tree.radius) == sum(sizes)
    last = tree.radius[-sizes[-1] :].mean()
    assert last == pytest.approx(4 * 0.95 * MURRAY**8, rel=0.15)
    np.testing.assert_allclose(tree.end[:2].repeat(1, 0), tree.start[2:4])


def test_vessels_are_drawn_where_they_run() -> None:
    """A stem from the middle to the side covers pixels there, and none on the other side."""
    aims = np.array([[120.0, 0, 100]])
    tree = grow(np.random.default_rng(0), np.array([30.0, 0, 100]), aims, radius=4, reach=100)
    grid = Grid.of(256, 384)
    filled = coverage(grid, tree, 100, 5)
    assert filled[(grid.x > 35) & (grid.x < 45) & (abs(grid.y) < 1)].max() > 0.9
    assert filled[grid.x < 0].max() == 0


# -- scanner ------------------------------------------------------------------------------------------


def water(side: int = 128) -> np.ndarray:
    """A disc of water, 0 HU, 240 mm wide, in air, in a field of 384 mm."""
    grid = Grid.of(side, 384)
    return np.where(np.hypot(grid.x, grid.y) < 120, 0.0, -1000.0)


def test_water_comes_back_as_water() -> None:
    """The definition of the Hounsfield unit; within 15 HU, as reconstruction on a grid allows."""
    seen = scan(water(), 384, 1e7, "hann", np.random.default_rng(0))
    assert abs(seen[50:78, 50:78].mean()) < 15
    assert seen[60:68, 8:14].mean() == pytest.approx(-1000, abs=15)
    assert seen[0, 0] == OUTSIDE


def test_noise_falls_with_the_root_of_the_dose() -> None:
    """Photon counting: a hundredfold dose, a tenth of the noise."""
    clean = scan(water(), 384, 1e12, "hann", np.random.default_rng(0))
    noise = [
        (scan(water(), 384, dose, "hann", np.random.default_rng(1)) - clean)[50:78, 50:78].std()
        for dose in (1e5, 1e7)
    ]
    assert noise[0] / noise[1] == pytest.approx(10, rel=0.15)


def test_noise_is_correlated_as_ct_noise_is() -> None:
    """White noise of the image would have no correlation between neighbours; a hann kernel's has plenty."""
    clean = scan(water(), 384, 1e12, "hann", np.random.default_rng(0))
    noise = (scan(water(), 384, 1e5, "hann", np.random.default_rng(1)) - clean)[40:88, 40:88]
    assert np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1] > 0.3


def test_the_window_is_the_lungs() -> None:
    """Level -600, width 1500: -1350 HU and less are black, 150 and more white, -600 the middle."""
    assert windowed(np.array([-2000.0, -1350, -600, 150, 900])).tolist() == [0, 0, 128, 255, 255]


# -- population ---------------------------------------------------------------------------------------


def test_a_patient_is_cut_into_neighbouring_slices() -> None:
    cuts = levels(Stream.DB1, 3)
    assert len(cuts) == SLICES
    assert np.diff(cuts) * LUNG_HEIGHT == pytest.approx([10] * (SLICES - 1))


def test_streams_never_share_a_patient() -> None:
    assert draw(Stream.DB1, 0) != draw(Stream.DB2, 0)
    assert levels(Stream.DB1, 0) != levels(Stream.DB2, 0)


def test_a_scan_is_what_ships() -> None:
    """The first patient of DB1, drawn anew, is the first of the file, but for rounding on another CPU."""
    from demo import sets

    made = scans(Stream.DB1, 0)
    shipped = sets.sheet("DB1-development")[:SLICES]
    for slice_, image in zip(made, shipped, strict=True):
        assert np.abs(slice_.image.astype(int) - image).max() <= 1
        assert slice_.patient == "DB1-000"
