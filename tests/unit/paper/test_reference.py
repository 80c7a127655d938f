import pytest

from core.config import ClusterSpec, MembershipConfig, PipelineConfig, ReduceSpec
from core.features import catalog
from core.paper import reference
from core.paper.reference import same_regions, table3


def config(backbone: str, variance: float | None, method: str, **options: str) -> PipelineConfig:
    return PipelineConfig(
        catalog.spec(backbone, options=dict(options)), ReduceSpec(variance), ClusterSpec(method)
    )


@pytest.mark.parametrize(
    ("backbone", "variance", "method", "values"),
    [
        ("vgg16", 0.95, "kmeans", {"table 2": 0.9949, "table 5": 0.6540}),
        ("vgg16", 0.9, "hierarchical", {"table 2": 0.8740}),
        ("densenet121", None, "hierarchical", {"table 2": 1, "table 5": 0.9965}),
        ("mobilenet_v2", None, "hierarchical", {"table 2": 0.99, "table 5": 0.9971}),
        ("efficientnet_b0", 0.95, "hierarchical", {"table 2": 0.3159}),
        ("efficientnet_lite0", None, "hierarchical", {}),
        ("resnet50", 0.99, "kmeans", {}),
    ],
)
def test_the_papers_values_for_a_configuration(
    backbone: str, variance: float | None, method: str, values: dict[str, float]
) -> None:
    """Copied by hand from tables 2 and 5 of the paper."""
    found = reference.references(config(backbone, variance, method))
    assert {row.table: row.ari for row in found} == values


def test_the_papers_lbp_is_one_number() -> None:
    number = reference.references(config("lbp", None, "kmeans", output="number"))
    assert [row.ari for row in number] == [0.3726, 0.5036]
    assert reference.references(config("lbp", None, "kmeans")) == []


def test_a_misprint_is_remarked() -> None:
    (row, _) = reference.references(config("resnet50", None, "hierarchical"))
    assert row.ari == 0.1
    assert "probably 1" in row.remark


def test_every_row_of_both_tables_is_reachable() -> None:
    """22 rows in table 2 and 10 in table 5, counted in the paper; each belongs to a backbone that is here."""
    rows = reference._rows()
    assert [sum(row.table == table for row in rows) for table in ("table 2", "table 5")] == [22, 10]
    assert {reference.BACKBONES[row.features] for row in rows} <= set(catalog.names())


def test_table_3_is_read_as_it_was_printed() -> None:
    """Six runs; run 5, ResNet around the lungs, has the best F1 on test of all, 0.5385."""
    runs = table3()
    assert len(runs) == 6
    best = max(runs, key=lambda run: run.test_f1[2])
    assert (best.run, best.crop, best.features, best.test_f1) == (
        5,
        "outer",
        "ResNet",
        (0.5295, 0.5475, 0.5385),
    )


def test_a_run_stands_beside_the_same_network_and_crop() -> None:
    config = MembershipConfig(catalog.spec("densenet121"), "lung")
    (run,) = same_regions(config)
    assert (run.run, run.distance, run.k, run.train_f1[0]) == (4, "avg", 20, 0.56)
    assert same_regions(MembershipConfig(catalog.spec("lbp"), "lung")) == []
