"""The autoencoder: learns, goes on from a checkpoint as if it had never stopped, says what it can't do."""

import numpy as np
import pytest

from core.config import AutoencoderSpec
from core.errors import BadChoice, ImprintError
from core.membership.reconstruction.autoencoder import PATIENCE, Training, reconstruct

SPEC = AutoencoderSpec(size=32, bottleneck=16, epochs=6)


def patterns(count: int, seed: int = 0) -> np.ndarray:
    """uint8 (n, 32, 32): coarse random patterns, no two alike."""
    blocks = np.random.default_rng(seed).integers(30, 226, (count, 4, 4))
    return np.kron(blocks, np.ones((8, 8))).astype(np.uint8)


def trained(images: np.ndarray, spec: AutoencoderSpec = SPEC) -> Training:
    training = Training(images, spec)
    list(training.epochs())
    return training


def test_what_was_learnt_is_reconstructed_better_than_what_was_not() -> None:
    """The hypothesis of section 3.1.2 in its plainest form; a mean image would do as well on both."""
    images, others = patterns(40), patterns(40, seed=1)
    spec = AutoencoderSpec(size=32, bottleneck=64, epochs=60)
    weights = trained(images, spec).best
    learnt, strange = (
        float(np.square(reconstruct(weights, spec, part) - part / 255).mean()) for part in (images, others)
    )
    assert learnt < 0.7 * strange


def test_the_same_seed_gives_the_same_weights_and_another_others() -> None:
    images = patterns(24)
    first, second = trained(images), trained(images)
    other = trained(images, AutoencoderSpec(size=32, bottleneck=16, epochs=6, seed=1))
    for name, value in first.best.items():
        np.testing.assert_array_equal(value, second.best[name])
    assert any((first.best[name] != other.best[name]).any() for name in first.best)


@pytest.mark.parametrize("after", [1, 3, 5])
def test_it_goes_on_from_a_checkpoint_as_if_it_had_never_stopped(after: int) -> None:
    images = patterns(24)
    whole = trained(images)
    broken = Training(images, SPEC)
    for epoch in broken.epochs():
        if epoch.number == after:
            break
    again = Training(images, SPEC, broken.state())
    assert [each.number for each in again.epochs()] == list(range(after + 1, 7))
    for name, value in whole.best.items():
        np.testing.assert_array_equal(value, again.best[name])
    assert [each.held_out for each in whole.history] == [each.held_out for each in again.history]


def test_the_best_epoch_on_held_out_images_is_kept_and_patience_ends() -> None:
    """Noise can't be learnt: the held-out error soon stops falling, and so does the training."""
    noise = np.random.default_rng(0).integers(0, 256, (30, 32, 32), np.uint8)
    training = trained(noise, AutoencoderSpec(size=32, bottleneck=16, epochs=500))
    done = len(training.history)
    assert done < 500
    assert done - training.best_epoch == PATIENCE
    assert training.over


def test_a_loss_that_is_not_a_number_is_told() -> None:
    training = Training(patterns(8), SPEC)
    state = training.state()
    state["now.widen.bias"] = np.full_like(state["now.widen.bias"], np.nan)
    broken = Training(patterns(8), SPEC, {**state, "history": np.zeros((0, 4))})
    with pytest.raises(ImprintError, match="loss is not finite after epoch 1"):
        list(broken.epochs())


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (patterns(1), "can't be trained on 1 generated image: it needs at least 4"),
        (patterns(3), "can't be trained on 3 generated images"),
        (np.repeat(patterns(1), 6, 0), "All generated images are identical"),
        (
            np.arange(0, 60, 10, dtype=np.uint8)[:, None, None] * np.ones((1, 32, 32), np.uint8),
            "a single grey value",
        ),
    ],
)
def test_what_can_not_be_learnt_is_one_sentence(images: np.ndarray, sentence: str) -> None:
    with pytest.raises(BadChoice, match=sentence):
        Training(images, SPEC)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_every_size_comes_back_in_its_size(size: int) -> None:
    spec = AutoencoderSpec(size=size, bottleneck=8, epochs=1)
    images = np.random.default_rng(0).integers(0, 256, (5, size, size), np.uint8)
    assert reconstruct(trained(images, spec).best, spec, images).shape == images.shape
