"""The reconstruction attack: used images are reconstructed better (paper, section 3.1.2).

    generated -> autoencoder
    real      -> reconstruction -> error -> rule -> predictions -> scores (evaluation.py)

The real images of each data set are passed through the autoencoder trained on its generated images; the rule
is selected on development. Training writes a checkpoint after each epoch and resumes from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.config import AutoencoderSpec, ReconstructionConfig
from core.errors import BadChoice
from core.images.library import Library
from core.images.transforms import resize
from core.inference.runtime import Effort, has_bf16
from core.membership import decision_rules, model_selection
from core.membership.attack import Attack
from core.membership.evaluation import AttackResult, Measurement, ground_truth
from core.membership.reconstruction import checkpoints, error_maps, error_patterns
from core.membership.reconstruction.checks import check_count
from core.membership.reconstruction.keys import (
    by_content,
    checkpoint_path,
    errors_key,
    model_key,
    pace_name,
    ssim_key,
)
from core.membership.verdict import Meaning
from core.numeric.parallel import usable_cores
from core.progress import Listener, Meter, Step, silent
from core.store import Arrays, Store
from core.types import ImageFile, ImageSet

FIRST_GUESS = 300.0  # images per second at 64 px, until this machine's rate is measured
PREPARE = 6.0  # seconds to load torch
CHUNK = 256  # images that are reconstructed at a time
SAMPLES = 8  # generated images whose reconstruction is kept
MEANING = {
    "mse": Meaning("reconstructed better", "reconstructed worse"),
    "ssim": Meaning("reconstructed more like other used images", None),
}
OWN_RULE = {"mse": "means", "ssim": "centroid"}


@dataclass(frozen=True)
class Reconstruction(AttackResult):
    """``generated_mse`` float (m,): errors on the generated images of the reported data set."""

    config: ReconstructionConfig
    generated_mse: np.ndarray

    @property
    def chosen(self) -> str:
        """Name of the selected rule."""
        return self.development.choice.rule


@dataclass(frozen=True)
class Reconstructions:
    """Images beside their reconstructions, uint8 (n, size, size), and squared errors (n, size, size)."""

    files: tuple[ImageFile, ...]
    images: np.ndarray
    made: np.ndarray
    errors: np.ndarray


class ReconstructionAttack(Attack[ReconstructionConfig, Reconstruction]):
    """The attack over one store and one library; ``effort`` has no effect here."""

    def __init__(
        self, store: Store, library: Library, effort: Effort | None = None, listener: Listener = silent
    ) -> None:
        self.store, self.library, self.listener = store, library, listener
        self._to_train: list[str] = []  # models still to be trained in this run

    def prepare(self, config: ReconstructionConfig) -> tuple[ReconstructionConfig, list[str]]:
        return adapt_to_machine(config)

    def measure(self, sets: Sequence[ImageSet], config: ReconstructionConfig) -> list[Measurement]:
        """Distances of each data set's real images under the autoencoder of its generated images."""
        check(sets)
        there, spec = self.ready(sets, config), config.autoencoder
        self._to_train = [name for each in sets if not self.store.has(name := model_key(each, spec))]
        arrays = [self._errors(each, each.real, spec) for each in sets]
        truths = [self.ground_truth(each) for each in sets]
        nested: np.ndarray | None = None
        by_chance: np.ndarray | None = None
        if config.decision == "mse":
            rows = [found["mse"].astype(np.float64) for found in arrays]
        else:
            maps = [found["maps"] for found in arrays]
            rows = error_patterns.differences(self.store, sets, maps, truths[0], spec)
            of_development = (self.store, sets[0], maps[0], truths[0], spec)
            by_chance = error_patterns.aucs_by_chance(*of_development)
            if self._is_fitted(config):
                nested = error_patterns.nested_differences(*of_development)
        measured = [
            Measurement(each.name, each.real, row[None], *truth, there, {"generated": 0, "real": 0})
            for each, row, truth in zip(sets, rows, truths, strict=True)
        ]
        return [replace(measured[0], nested=nested, by_chance=by_chance), *measured[1:]]

    def result(
        self,
        common: AttackResult,
        measured: Sequence[Measurement],
        sets: Sequence[ImageSet],
        config: ReconstructionConfig,
    ) -> Reconstruction:
        errors = self._errors(sets[-1], sets[-1].generated, config.autoencoder)["mse"]
        return Reconstruction(**vars(common), config=config, generated_mse=errors)

    def seed(self, config: ReconstructionConfig) -> int:
        return config.autoencoder.seed

    def rules(self, config: ReconstructionConfig) -> list[str]:
        return [OWN_RULE[config.decision]] if config.rule == "own" else super().rules(config)

    def _is_fitted(self, config: ReconstructionConfig) -> bool:
        return self.rules(config) != [OWN_RULE["ssim"]]

    def meaning(self, config: ReconstructionConfig) -> Meaning:
        return MEANING[config.decision]

    def ready(self, sets: Sequence[ImageSet], config: ReconstructionConfig) -> bool:
        """Whether everything that needs the network is cached."""
        spec = adapt_to_machine(config)[0].autoencoder
        looked_at = [(each, each.real) for each in sets] + [(sets[-1], sets[-1].generated)]
        names = [errors_key(each, files, spec) for each, files in looked_at]
        if config.decision == "ssim":
            truth = self.ground_truth(sets[0])[0]
            names += [ssim_key(sets, spec, truth), error_patterns.by_chance_key(sets[0], spec, truth)]
            if self._is_fitted(config):
                names.append(error_patterns.nested_key(sets[0], spec, truth))
        return all(self.store.has(name) for name in names)

    def expected_seconds(self, sets: Sequence[ImageSet], config: ReconstructionConfig) -> float:
        """Estimated time of training; the rest is quick."""
        spec = adapt_to_machine(config)[0].autoencoder
        pace = self.store.note(pace_name(spec))
        rate = float(pace["images_per_second"]) if pace else FIRST_GUESS * (64 / spec.size) ** 2
        lacking = [each for each in sets if not self.trained(each, config)]
        return PREPARE + sum(len(each.generated) for each in lacking) * spec.epochs / rate

    def trained(self, image_set: ImageSet, config: ReconstructionConfig) -> bool:
        """Whether the autoencoder of a data set has been trained."""
        return self.store.has(model_key(image_set, adapt_to_machine(config)[0].autoencoder))

    def history(self, image_set: ImageSet, config: ReconstructionConfig) -> list[list[float]]:
        """Number, training and held-out error, and images per second of each epoch so far."""
        found = self.store.note(f"training:{model_key(image_set, adapt_to_machine(config)[0].autoencoder)}")
        return list(found["epochs"]) if found else []

    def inspect(
        self, image_set: ImageSet, files: Sequence[ImageFile], config: ReconstructionConfig
    ) -> Reconstructions:
        """Images at the network's input size: real ones, or the first few generated ones of the data set."""
        spec = adapt_to_machine(config)[0].autoencoder
        pools = [image_set.real, image_set.generated[:SAMPLES]]
        places = [{file.name: i for i, file in enumerate(pool)} for pool in pools]
        arrays = [self._errors(image_set, part, spec) for part in (image_set.real, image_set.generated)]
        found = [next((p, places[p][file.name]) for p in (0, 1) if file.name in places[p]) for file in files]
        return Reconstructions(
            tuple(files),
            np.stack([resize(self.library.pixels(file.sha256), spec.size) for file in files]),
            np.stack([arrays[pool]["made"][place] for pool, place in found]),
            np.stack([arrays[pool]["maps"][place] for pool, place in found]).astype(np.float32),
        )

    def centroids(self, development: ImageSet, config: ReconstructionConfig) -> np.ndarray:
        """float (2, size, size): mean error images of development's used and not used images."""
        truth, known = ground_truth(development.real)
        maps = self._errors(development, development.real, adapt_to_machine(config)[0].autoencoder)["maps"]
        return error_maps.centroids(maps[known].astype(np.float32), truth.used)

    def mean_errors(self, image_set: ImageSet, config: ReconstructionConfig) -> np.ndarray:
        """float (n,): of the real images, under the autoencoder of the generated ones; no label is read."""
        spec = adapt_to_machine(config)[0].autoencoder
        return np.asarray(self._errors(image_set, image_set.real, spec)["mse"])

    # -- the stages ----------------------------------------------------------------------------------

    def _errors(self, image_set: ImageSet, files: tuple[ImageFile, ...], spec: AutoencoderSpec) -> Arrays:
        """``mse`` float32 (n,) of all files; ``maps`` and ``made`` of real and a few generated images."""
        if files != image_set.real:
            return self._computed_errors(image_set, files, spec)
        distinct, back = by_content(files)  # so that file names change not even the last bit
        found = self._computed_errors(image_set, distinct, spec)
        return {name: array[back] for name, array in found.items()}

    def _computed_errors(
        self, image_set: ImageSet, files: tuple[ImageFile, ...], spec: AutoencoderSpec
    ) -> Arrays:
        """The same; real images are each there once."""

        def make() -> Arrays:
            from core.membership.reconstruction import autoencoder

            weights = self.weights(image_set, spec)
            kept = SAMPLES if files == image_set.generated else len(files)
            meter = Meter("reconstructing", len(files), self.listener)
            mse, maps, looks = [], [], []
            for first in range(
                0, len(files), CHUNK
            ):  # as floats, thousands of images would not fit into memory
                images = self._pixels(files[first : first + CHUNK], spec)
                made = autoencoder.reconstruct(weights, spec, images)
                errors = error_maps.squared_errors(images, made)
                left = max(0, kept - first)
                mse.append(errors.mean((1, 2)))
                maps.append(errors[:left].astype(np.float16))
                looks.append((made[:left].clip(0, 1) * 255).round().astype(np.uint8))
                meter.add(len(images))
            return {"mse": np.concatenate(mse), "maps": np.concatenate(maps), "made": np.concatenate(looks)}

        name = errors_key(image_set, files, spec)
        return dict(self.store.compute(name, make, "reconstruction")[0])

    def _pixels(self, files: Sequence[ImageFile], spec: AutoencoderSpec) -> np.ndarray:
        return np.stack([resize(self.library.pixels(file.sha256), spec.size) for file in files])

    def weights(self, image_set: ImageSet, spec: AutoencoderSpec) -> Arrays:
        """The autoencoder of a data set's generated images, trained if it is not cached."""
        name = model_key(image_set, spec)
        return self.store.compute(name, lambda: self._train(image_set, spec, name), "autoencoders")[0]

    def _train(self, image_set: ImageSet, spec: AutoencoderSpec, name: str) -> Arrays:
        import torch

        from core.membership.reconstruction.autoencoder import Training

        torch.set_num_threads(usable_cores())  # results depend on it, so it is not a setting
        files = sorted(image_set.generated, key=lambda file: file.sha256)
        path = checkpoint_path(name)
        of = max(1, len(self._to_train)) * spec.epochs
        before = self._to_train.index(name) * spec.epochs if name in self._to_train else 0
        words = "epoch"

        def tell(epochs: float, rate: float) -> None:
            """Also within an epoch, which may take minutes."""
            left = (of - before - epochs) * len(files) / max(rate, 1e-9)
            self.listener(Step(words, before + int(epochs), of, rate, left))

        self.listener(Step("reading the images", before, of))
        images = self._pixels(files, spec)
        training = Training(images, spec, checkpoints.read(path), tell)
        for epoch in training.epochs():
            checkpoints.write(path, training.state())
            rows = [[e.number, e.train, e.held_out, round(e.rate, 1)] for e in training.history]
            self.store.put_note(f"training:{name}", {"epochs": rows})
            words = f"epoch, loss {epoch.train:.5f}, validation {epoch.held_out:.5f}"
            tell(epoch.number, epoch.rate)
        pace = float(np.median([epoch.rate for epoch in training.history]))
        self.store.put_note(pace_name(spec), {"images_per_second": round(pace, 1)})
        path.unlink(missing_ok=True)
        return training.best


def adapt_to_machine(config: ReconstructionConfig) -> tuple[ReconstructionConfig, list[str]]:
    """The config adapted to this machine, and notes on what was changed. Raises BadChoice."""
    if config.rule not in ("own", OWN_RULE["ssim"]) or config.decision != "ssim":
        decision_rules.check_general("best" if config.rule == "own" else config.rule)
    spec = config.autoencoder
    if spec.precision == "bf16" and not has_bf16():
        note = "This processor does not support bf16, so the autoencoder is trained in fp32."
        return replace(config, autoencoder=replace(spec, precision="fp32")), [note]
    return config, []


def check(sets: Sequence[ImageSet]) -> None:
    """Raises BadChoice if a data set can't be used: before training, which may take hours."""
    for each in sets:
        if not each.real:
            raise BadChoice(f"'{each.name}' has no real images, so no membership can be inferred.")
        if not each.generated:
            raise BadChoice(f"'{each.name}' has no generated images to train an autoencoder on.")
        check_count(len(each.generated))
    model_selection.check_classes(ground_truth(sets[0].real)[0])
