"""The paper's tables as configurations that can be run."""

import pytest

from core.config import MembershipConfig, PipelineConfig, ReconstructionConfig
from core.features import catalog
from core.paper import tables


@pytest.mark.parametrize(
    ("table", "rows", "kind"),
    [
        ("2", 22, PipelineConfig),
        ("3", 6, MembershipConfig),
        ("4", 2, ReconstructionConfig),
        ("5", 10, PipelineConfig),
    ],
)
def test_every_row_of_a_table_is_a_configuration(table: str, rows: int, kind: type) -> None:
    """As many as printed: 22, 6, two decisions on two data sets, 10."""
    found = tables.lines(table)
    assert len(found) == rows
    assert all(isinstance(line.config, kind) for line in found)
    assert tables.listed(found).each_on_test


def test_a_row_of_table_2_by_hand() -> None:
    """VGG-16, 95% of the variance, k-means: 0.9949."""
    line = next(line for line in tables.lines("2") if line.name == "VGG-16, PCA 95%, k-means")
    assert isinstance(line.config, PipelineConfig)
    assert (line.config.feature.backbone, line.config.reduce.variance) == ("vgg16", 0.95)
    assert line.config.cluster.method == "kmeans"
    assert line.theirs == {"ARI": 0.9949}


def test_a_row_of_table_3_by_hand() -> None:
    """Run 5: outer, ResNet, min, k 10; test F1 0.5295, 0.5475, mean 0.5385."""
    line = tables.lines("3")[4]
    assert isinstance(line.config, MembershipConfig)
    assert (line.config.crop, line.config.distance, line.config.k) == ("outer", "min", 10)
    assert [line.theirs[f"F1 test {name}"] for name in ("DB1", "DB2", "mean")] == [0.5295, 0.5475, 0.5385]


def test_the_mean_of_table_4_is_of_both_data_sets() -> None:
    """Run 8: 0.661254 and 0.59382."""
    line = tables.lines("4")[1]
    assert line.theirs["F1 test mean"] == pytest.approx((0.661254 + 0.59382) / 2)


def test_networks_without_weights_run_untrained_only_where_asked() -> None:
    """EfficientNet-B0 has a stand-in whose weights are bundled, and says so."""
    for line in tables.lines("5", untrained=True):
        assert isinstance(line.config, PipelineConfig)
        if catalog.is_network(line.config.feature.backbone):
            assert line.config.feature.weights == catalog.UNTRAINED
            assert "Untrained" in line.remark
    plain = {line.config.feature.weights for line in tables.lines("5")}  # type: ignore[union-attr]
    assert catalog.UNTRAINED not in plain
    efficient = next(line for line in tables.lines("2") if line.name == "EfficientNet, k-means")
    assert isinstance(efficient.config, PipelineConfig)
    assert efficient.config.feature.backbone == "efficientnet_lite0"
    assert "Evaluated with EfficientNet-Lite0" in efficient.remark
