"""Training-data fingerprints by reconstruction: each stage looked up, else computed and kept (section 3.1.2).

    generated -> autoencoder
    real      -> reconstruction -> error -> rule -> predictions -> scores (judging.py)

Each set's real images meet the autoencoder of its own generated ones; what an error means is learnt on
development. A training leaves a checkpoint an epoch, and goes on from there.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core import home, judging
from core.errors import BadChoice
from core.features import resize
from core.hashing import key
from core.images.library import Library
from core.inference.runtime import has_bf16, usable_cores
from core.judging import Judgement, Measured, truth_of
from core.membership import protocol, rules
from core.membership.rules import RULES
from core.progress import Listener, Meter, Step, silent
from core.reconstruction import check_count, checkpoints, decisions
from core.store import Arrays, Store
from core.values import AutoencoderSpec, ImageFile, ImageSet, ReconstructionConfig

VERSION = 1
FIRST_GUESS = 300.0  # images a second at 64 px, before this machine has told its own
PREPARE = 6.0  # seconds to load torch
CHUNK = 256  # images that are reconstructed at a time
SAMPLES = 8  # generated images whose reconstruction is kept
HOW = {"mse": "reconstructed better", "ssim": "reconstructed more like other used ones"}
OWN_RULE = {"mse": "means", "ssim": "centroid"}


@dataclass(frozen=True)
class Reconstruction(Judgement):
    """``generated_mse`` float (m,): errors on the reported set's own generated images."""

    config: ReconstructionConfig
    generated_mse: np.ndarray

    @property
    def chosen(self) -> str:
        """The rule."""
        return self.development.choice.rule


@dataclass(frozen=True)
class Looks:
    """Images beside their reconstructions, uint8 (n, size, size), and squared errors (n, size, size)."""

    files: tuple[ImageFile, ...]
    images: np.ndarray
    made: np.ndarray
    errors: np.ndarray


class Reconstructing:
    """The stages over one store and one library."""

    def __init__(self, store: Store, library: Library, listener: Listener = silent) -> None:
        self.store, self.library, self.listener = store, library, listener
        self._to_train: list[str] = []  # models that the question at hand still lacks

    # -- what a person asks for --------------------------------------------------------------------

    def judge(
        self, development: ImageSet, test: ImageSet | None, config: ReconstructionConfig
    ) -> Reconstruction:
        """Which real images were used. Raises BadChoice where the sets can't answer."""
        start = time.perf_counter()
        config, notes = runnable(config)
        sets = [development] if test is None else [development, test]
        check(sets)
        there = self.ready(sets, config)
        self._to_train = [
            name for each in sets if not self.store.has(name := model_key(each, config.autoencoder))
        ]
        measured = self._measured(sets, config, there)
        learnt = judging.learn(self.store, measured[0], _rules(config), config.autoencoder.seed)
        dev, *others = (
            judging.judge(self.store, found, learnt, place == 0, config.autoencoder.seed)
            for place, found in enumerate(measured)
        )
        return Reconstruction(
            learnt,
            dev,
            others[0] if others else None,
            *judging.in_words(others[0] if others else dev, HOW[config.decision]),
            time.perf_counter() - start,
            there,
            tuple(notes),
            config,
            self._errors(sets[-1], sets[-1].generated, config.autoencoder)["mse"],
        )

    def ready(self, sets: Sequence[ImageSet], config: ReconstructionConfig) -> bool:
        """Whether everything that needs the network is there."""
        spec = runnable(config)[0].autoencoder
        looked_at = [(each, each.real) for each in sets] + [(sets[-1], sets[-1].generated)]
        names = [errors_key(each, files, spec) for each, files in looked_at]
        if config.decision == "ssim":
            names.append(ssim_key(sets, spec))
        return all(self.store.has(name) for name in names)

    def trained(self, image_set: ImageSet, config: ReconstructionConfig) -> bool:
        """Whether a set's autoencoder is there."""
        return self.store.has(model_key(image_set, runnable(config)[0].autoencoder))

    def seconds(self, sets: Sequence[ImageSet], config: ReconstructionConfig) -> float:
        """About how long training would take."""
        spec = runnable(config)[0].autoencoder
        pace = self.store.note(pace_name(spec))
        rate = float(pace["images_per_second"]) if pace else FIRST_GUESS * (64 / spec.size) ** 2
        lacking = [each for each in sets if not self.trained(each, config)]
        return PREPARE + sum(len(each.generated) for each in lacking) * spec.epochs / rate

    def history(self, image_set: ImageSet, config: ReconstructionConfig) -> list[list[float]]:
        """Number, training and held-out error, and images per second of each epoch so far."""
        found = self.store.note(f"training:{model_key(image_set, runnable(config)[0].autoencoder)}")
        return list(found["epochs"]) if found else []

    def look(self, image_set: ImageSet, files: Sequence[ImageFile], config: ReconstructionConfig) -> Looks:
        """Images of a judged set as the network sees them: real ones, or the first few generated ones."""
        spec = runnable(config)[0].autoencoder
        pools = [image_set.real, image_set.generated[:SAMPLES]]
        places = [{file.name: i for i, file in enumerate(pool)} for pool in pools]
        arrays = [self._errors(image_set, part, spec) for part in (image_set.real, image_set.generated)]
        found = [next((p, places[p][file.name]) for p in (0, 1) if file.name in places[p]) for file in files]
        return Looks(
            tuple(files),
            np.stack([resize(self.library.pixels(file.sha256), spec.size) for file in files]),
            np.stack([arrays[pool]["made"][place] for pool, place in found]),
            np.stack([arrays[pool]["maps"][place] for pool, place in found]).astype(np.float32),
        )

    def centroids(self, development: ImageSet, config: ReconstructionConfig) -> np.ndarray:
        """float (2, size, size): mean error images of development's used and not used images."""
        truth, known = truth_of(development.real)
        maps = self._errors(development, development.real, runnable(config)[0].autoencoder)["maps"]
        return decisions.centroids(maps[known].astype(np.float32), truth.used)

    # -- the stages ----------------------------------------------------------------------------------

    def _measured(self, sets: list[ImageSet], config: ReconstructionConfig, there: bool) -> list[Measured]:
        arrays = [self._errors(each, each.real, config.autoencoder) for each in sets]
        truths = [truth_of(each.real) for each in sets]
        if config.decision == "mse":
            rows = [found["mse"].astype(np.float64) for found in arrays]
        else:
            rows = self._by_ssim(sets, arrays, config)
        return [
            Measured(each.name, each.real, row[None], *truth, there, {"generated": 0, "real": 0})
            for each, row, truth in zip(sets, rows, truths, strict=True)
        ]

    def _by_ssim(
        self, sets: list[ImageSet], arrays: list[Arrays], config: ReconstructionConfig
    ) -> list[np.ndarray]:
        """Centroids are of development; its own images meet those of the other folds."""
        truth, known = truth_of(sets[0].real)
        spec = config.autoencoder

        def make() -> Arrays:
            maps = [found["maps"].astype(np.float32) for found in arrays]
            pair = decisions.centroids(maps[0][known], truth.used)
            development = decisions.towards_used(maps[0], pair)
            folds = protocol.folds(truth, spec.seed)
            development[known] = decisions.held_out(maps[0][known], truth.used, folds)
            rows = [development, *(decisions.towards_used(each, pair) for each in maps[1:])]
            return {f"part{place}": row for place, row in enumerate(rows)}

        found, _ = self.store.compute(ssim_key(sets, spec), make, "reconstruction")
        return [found[f"part{place}"] for place in range(len(sets))]

    def _errors(self, image_set: ImageSet, files: tuple[ImageFile, ...], spec: AutoencoderSpec) -> Arrays:
        """``mse`` float32 (n,) of all files; of the real ones, and a few others, ``maps`` and ``made``."""

        def make() -> Arrays:
            from core.reconstruction import networks

            weights = self.weights(image_set, spec)
            kept = len(files) if files == image_set.real else SAMPLES
            meter = Meter("reconstructing", len(files), self.listener)
            mse, maps, looks = [], [], []
            for first in range(0, len(files), CHUNK):  # thousands of images would not fit as floats
                images = self._pixels(files[first : first + CHUNK], spec)
                made = networks.reconstruct(weights, spec, images)
                errors = decisions.errors(images, made)
                left = max(0, kept - first)
                mse.append(errors.mean((1, 2)))
                maps.append(errors[:left].astype(np.float16))
                looks.append((made[:left].clip(0, 1) * 255).round().astype(np.uint8))
                meter.add(len(images))
            return {"mse": np.concatenate(mse), "maps": np.concatenate(maps), "made": np.concatenate(looks)}

        return self.store.compute(errors_key(image_set, files, spec), make, "reconstruction")[0]

    def _pixels(self, files: Sequence[ImageFile], spec: AutoencoderSpec) -> np.ndarray:
        return np.stack([resize(self.library.pixels(file.sha256), spec.size) for file in files])

    def weights(self, image_set: ImageSet, spec: AutoencoderSpec) -> Arrays:
        """The autoencoder of a set's generated images, trained where it is not there yet."""
        name = model_key(image_set, spec)
        return self.store.compute(name, lambda: self._train(image_set, spec, name), "autoencoders")[0]

    def _train(self, image_set: ImageSet, spec: AutoencoderSpec, name: str) -> Arrays:
        import torch

        from core.reconstruction.networks import Training

        torch.set_num_threads(usable_cores())  # sums depend on it: not a knob
        files = sorted(image_set.generated, key=lambda file: file.sha256)
        path = checkpoint(name)
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
            words = f"epoch, loss {epoch.train:.5f}, held out {epoch.held_out:.5f}"
            tell(epoch.number, epoch.rate)
        pace = float(np.median([epoch.rate for epoch in training.history]))
        self.store.put_note(pace_name(spec), {"images_per_second": round(pace, 1)})
        path.unlink(missing_ok=True)
        return training.best


def runnable(config: ReconstructionConfig) -> tuple[ReconstructionConfig, list[str]]:
    """The config as this machine computes it, and what was changed, in words. Raises BadChoice."""
    if config.rule not in ("own", "best"):
        RULES.get(config.rule)
    spec = config.autoencoder
    if spec.precision == "bf16" and not has_bf16():
        note = "This processor does not compute in bf16, so the autoencoder is trained in fp32."
        return replace(config, autoencoder=replace(spec, precision="fp32")), [note]
    return config, []


def model_key(image_set: ImageSet, spec: AutoencoderSpec) -> str:
    """Of a trained network: what it was trained on, and how."""
    return key("autoencoder", VERSION, sorted(file.sha256 for file in image_set.generated), spec)


def errors_key(image_set: ImageSet, files: Sequence[ImageFile], spec: AutoencoderSpec) -> str:
    ids = [file.sha256 for file in files]
    return key("reconstruction", VERSION, model_key(image_set, spec), ids)


def ssim_key(sets: Sequence[ImageSet], spec: AutoencoderSpec) -> str:
    """Centroids are of development's roles, and its folds of its groups."""
    truth, _ = truth_of(sets[0].real)
    names = [errors_key(each, each.real, spec) for each in sets]
    used = truth.used.tolist(), truth.groups.tolist()
    return key("ssim", decisions.VERSION, protocol.VERSION, names, used)


def pace_name(spec: AutoencoderSpec) -> str:
    return f"pace:autoencoder:{spec.size}:{spec.precision}"


def checkpoint(name: str) -> Path:
    """Where a training leaves its state, to go on from."""
    return home.folder("training") / f"{name}.safetensors"


def _rules(config: ReconstructionConfig) -> list[str]:
    if config.rule == "own":
        return [OWN_RULE[config.decision]]
    return rules.general() if config.rule == "best" else [config.rule]


def check(sets: Sequence[ImageSet]) -> None:
    """Raises BadChoice where a set lacks what it takes: before hours of training, and looking at no pixel."""
    for each in sets:
        if not each.real:
            raise BadChoice(
                f"'{each.name}' has no real images, so nothing can be said about its training data."
            )
        if not each.generated:
            raise BadChoice(f"'{each.name}' has no generated images to train an autoencoder on.")
        check_count(len(each.generated))
    protocol.check_classes(truth_of(sets[0].real)[0])
