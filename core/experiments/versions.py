"""The versions of all modules whose numbers a result may hold."""

from types import ModuleType

from core.clustering import copies, methods, metrics, pca, splits, whitening
from core.extraction import embedder
from core.features import extract
from core.membership import decision_rules, distances, model_selection
from core.membership import metrics as membership_metrics
from core.membership.reconstruction import error_maps, keys, permuted_patterns
from core.membership.sets import appearance, facts
from core.regions import crops, segmentation

MODULES: tuple[ModuleType, ...] = (
    *(extract, crops, segmentation, whitening, pca, copies, methods, splits, metrics),
    *(appearance, facts, distances, decision_rules, model_selection, membership_metrics),
    *(keys, error_maps, permuted_patterns),
)


def of_numbers() -> list[int]:
    """In a fixed order; a result that is kept whole is kept under these."""
    return [*(module.VERSION for module in MODULES), embedder.NETWORK_VERSION]


def of_statistics() -> str:
    """Of intervals, p-values, values expected by chance: in attribution, membership, the SSIM decision."""
    return f"{metrics.VERSION}.{membership_metrics.VERSION}.{permuted_patterns.VERSION}"
