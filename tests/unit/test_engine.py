"""One door: each configuration gets the answer of its own way, and comes back from JSON as it was."""

import json

import pytest

from core import engine
from core.attribution.pipeline import Attribution
from core.config import (
    AutoencoderSpec,
    ClusterSpec,
    CropSpec,
    MembershipConfig,
    PipelineConfig,
    ReconstructionConfig,
    ReduceSpec,
)
from core.engine import Config, Engine
from core.errors import BadChoice, ImprintError
from core.features import catalog
from core.images.library import Library
from core.membership.cluster_distance import Membership
from core.membership.reconstruction.attack import Reconstruction
from core.store import Store
from tests.support.samples import make_set
from tests.unit.membership.test_cluster_distance import PIXELS, leaky

LBP = catalog.spec("lbp", options={"radius": 2})
CONFIGS: list[Config] = [
    PipelineConfig(LBP, ReduceSpec(0.9), ClusterSpec("kmeans", k=4, seed=3), CropSpec("outer")),
    MembershipConfig(catalog.spec("resnet50", weights="untrained"), "lung", distance="min", k=8),
    ReconstructionConfig(AutoencoderSpec(size=32, bottleneck=16), decision="ssim"),
]


@pytest.mark.parametrize("config", CONFIGS, ids=engine.kind_of)
def test_a_configuration_survives_json(config: Config) -> None:
    assert engine.from_json(json.loads(json.dumps(engine.as_json(config)))) == config


def test_each_kind_of_question_has_its_kind_of_answer(store: Store, library: Library) -> None:
    by = Engine(store, library)
    assert isinstance(by.answer([make_set(library)], PipelineConfig(LBP)), Attribution)
    sets = [leaky(library, "dev", 1), leaky(library, "test", 1)]
    answer = by.answer(sets, MembershipConfig(PIXELS))
    assert isinstance(answer, Membership)
    assert answer.test is not None
    short = ReconstructionConfig(AutoencoderSpec(size=32, epochs=1))
    assert isinstance(by.answer(sets[:1], short), Reconstruction)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "oracle"}, "is one of attribution, membership, reconstruction; got 'oracle'"),
        ({"reduce": {"variance": 7}}, "PCA variance is a share"),
        ({"cluster": {"k": 3, "colour": "red"}}, "has a missing or unexpected part"),
        ({"feature": {**engine.as_json(CONFIGS[0])["feature"], "backbone": "magic"}}, "magic"),
        (
            {"feature": {**engine.as_json(CONFIGS[0])["feature"], "pooling": "max"}},
            "differ from what this version",
        ),
        ({"feature": None}, "has a missing or unexpected part"),
    ],
)
def test_a_strangers_configuration_is_checked(change: dict[str, object], sentence: str) -> None:
    """Rows are kept under what a spec says: one that this version does not build would be a false name."""
    with pytest.raises(ImprintError, match=sentence):
        engine.from_json({**engine.as_json(CONFIGS[0]), **change})


def test_weights_of_another_identity_are_refused() -> None:
    raw = engine.as_json(PipelineConfig(catalog.spec("resnet50")))
    raw["feature"]["weights"] = "f" * 64
    with pytest.raises(BadChoice, match="weights is one of"):
        engine.from_json(raw)
