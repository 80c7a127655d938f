import numpy as np
import pytest

from core.features import catalog
from core.features.descriptors import DESCRIPTORS, local_binary_patterns, residual_spectrum, thumbnail
from tests.support.samples import noise

LBP = dict(catalog.spec("lbp").options)
METHODS = ("uniform", "default", "ror", "nri_uniform")


def test_lbp_by_hand() -> None:
    """A single bright pixel on a plain 5 x 5 image, 4 neighbours at distance 1, uniform.

    scikit-image counts a neighbour as 1 if it is at least the centre. The bright pixel has no such
    neighbour: code 0. Each of its 4 direct neighbours sees 4 (3 equal, one brighter); pixels at the
    border see 0 outside the image, and 0 < 10: 2 neighbours at the 4 corners, 3 on the 12 edges. The 4
    diagonal pixels see 4. So codes 0..5 appear 1, 0, 4, 12, 8, 0 times in 25.
    """
    pixels = np.full((5, 5), 10, np.uint8)
    pixels[2, 2] = 200
    shares = local_binary_patterns(pixels, {**LBP, "points": 4})
    assert shares == pytest.approx(np.array([1, 0, 4, 12, 8, 0]) / 25)


def test_lbp_as_one_number_is_the_mean_code() -> None:
    """From the same counts: (0 x 1 + 2 x 4 + 3 x 12 + 4 x 8) / 25."""
    pixels = np.full((5, 5), 10, np.uint8)
    pixels[2, 2] = 200
    number = local_binary_patterns(pixels, {**LBP, "points": 4, "output": "number"})
    assert number.tolist() == [pytest.approx(76 / 25)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("points", [4, 8, 11])
@pytest.mark.parametrize("radius", [1, 3])
def test_lbp_histogram_adds_up_to_1_and_has_the_length_that_is_told(
    method: str, points: int, radius: int
) -> None:
    spec = catalog.spec("lbp", options={"method": method, "points": points, "radius": radius})
    shares = local_binary_patterns(noise(1)[0], dict(spec.options))
    assert shares.shape == (catalog.dimensions(spec),)
    assert shares.sum() == pytest.approx(1)
    assert shares.min() >= 0


@pytest.mark.parametrize(
    ("options", "length"),
    [
        ({}, 10),
        ({"points": 12}, 14),
        ({"method": "default"}, 256),
        ({"method": "nri_uniform"}, 59),
        ({"output": "number"}, 1),
    ],
)
def test_lbp_lengths_by_hand(options: dict[str, int | str], length: int) -> None:
    """P + 2 uniform codes; 2^P plain ones; P (P - 1) + 3 that tell rotations apart."""
    assert catalog.dimensions(catalog.spec("lbp", options=options)) == length


def cosine(cycles: int, side: int, axis: int) -> np.ndarray:
    phase = 2 * np.pi * cycles * np.arange(side) / side + 0.3
    plane = 128 + 100 * np.cos(phase)
    return np.expand_dims(plane, axis).repeat(side, axis).round().astype(np.uint8)


@pytest.mark.parametrize(("cycles", "bin_"), [(12, 12), (16, 16), (27, 27)])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_pure_cosine_peaks_in_its_bin(cycles: int, bin_: int, axis: int) -> None:
    """64 px hold cycles / 64 per px; 32 bins up to 0.5 are 1 / 64 wide each, so cycle c is bin c."""
    spectrum = residual_spectrum(cosine(cycles, 64, axis), {"bins": 32, "content": "power"})
    assert spectrum.argmax() == bin_


def test_a_larger_image_of_the_same_frequency_peaks_in_the_same_bin() -> None:
    """12 cycles on 64 px and 18 on 96 are the same 0.1875 cycles a px."""
    peaks = {
        residual_spectrum(cosine(c, s, 0), {"bins": 32, "content": "power"}).argmax()
        for c, s in ((12, 64), (18, 96))
    }
    assert peaks == {12}


def test_the_shape_is_the_power_less_its_mean() -> None:
    """Doubling every deviation adds log10 4 to every ring of the power, and nothing to the shape."""
    faint = 128 + 10 * (noise(1, 64)[0] > 127).astype(np.uint8)
    strong = 128 + 20 * (noise(1, 64)[0] > 127).astype(np.uint8)
    power = [residual_spectrum(pixels, {"bins": 16, "content": "power"}) for pixels in (faint, strong)]
    shape = [residual_spectrum(pixels, {"bins": 16, "content": "shape"}) for pixels in (faint, strong)]
    assert power[1] - power[0] == pytest.approx(np.full(16, np.log10(4)), abs=1e-3)
    assert shape[1] == pytest.approx(shape[0], abs=1e-3)


def test_a_plain_image_has_the_floor_everywhere() -> None:
    """No residual: log10 of the 0.001 that keeps the logarithm finite."""
    assert residual_spectrum(
        np.full((32, 32), 77, np.uint8), {"bins": 16, "content": "power"}
    ) == pytest.approx(np.full(16, -3))


@pytest.mark.parametrize("shape", [(16, 16), (17, 33), (64, 40)])
@pytest.mark.parametrize("bins", [8, 128, 512])
def test_spectra_of_any_size_are_finite(shape: tuple[int, int], bins: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    spectrum = residual_spectrum(pixels, {"bins": bins, "content": "power"})
    assert spectrum.shape == (bins,)
    assert np.isfinite(spectrum).all()


def test_white_noise_is_brighter_where_the_median_takes_less() -> None:
    """The median removes low frequencies from the residual, so power rises with frequency."""
    spectrum = residual_spectrum(noise(1, 64)[0], {"bins": 16, "content": "power"})
    assert spectrum[-4:].mean() > spectrum[:4].mean() + 0.3


def test_pixels_are_the_small_image_row_by_row() -> None:
    """32 x 32 px of four plain quarters, at 4 x 4: the corners are the quarters."""
    pixels = np.kron(np.array([[10, 200], [90, 30]]), np.ones((16, 16))).astype(np.uint8)
    found = thumbnail(pixels, {"side": 4})
    assert found.reshape(4, 4)[[0, 0, 3, 3], [0, 3, 0, 3]].tolist() == [10, 200, 90, 30]
    assert found.shape == (16,)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 40), (40, 2), (2, 2), (3, 3)])
def test_every_descriptor_of_a_sliver_is_finite(shape: tuple[int, int]) -> None:
    """A crop may be two px high, of which a Hann window keeps nothing."""
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    for _, row in DESCRIPTORS:
        options = {name: option.default for name, option in row.options.items()}
        assert np.isfinite(row.describe(pixels, options)).all()
