"""The versions of all modules whose numbers a result may hold."""

from types import ModuleType

from core.clustering import copies, methods, metrics, pca
from core.extraction import embedder
from core.features import extract
from core.fidelity import measurement
from core.membership import decision_rules, distances, model_selection
from core.membership import metrics as membership_metrics
from core.membership.reconstruction import error_maps, keys
from core.membership.sets import appearance, facts
from core.regions import crops, segmentation

MODULES: tuple[ModuleType, ...] = (
    *(extract, crops, segmentation, pca, copies, methods, metrics),
    *(appearance, facts, distances, decision_rules, model_selection, membership_metrics, keys, error_maps),
    measurement,
)


def of_numbers() -> list[int]:
    """In a fixed order; a result that is kept whole is kept under these."""
    return [*(module.VERSION for module in MODULES), embedder.NETWORK_VERSION]


def of_statistics() -> str:
    """Of intervals, p-values and values expected by chance, in attribution and in membership."""
    return f"{metrics.VERSION}.{membership_metrics.VERSION}"
