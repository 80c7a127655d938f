"""How the features of a run share their variance, kept in the store."""

from dataclasses import asdict

from core.clustering import dimensions
from core.clustering.dimensions import DimensionShares
from core.hashing import key
from core.numeric.parallel import one_thread
from core.stages.cached import Run


def dimensions_of(run: Run) -> DimensionShares:
    """Of the features that are clustered, before any PCA, whitened where that is asked."""
    name = key("dimensions", dimensions.VERSION, run.features_key)
    found = run.store.note(name)
    if found is None:
        with one_thread():
            found = asdict(dimensions.dimension_shares(run.features()))
        run.store.put_note(name, found)
    return DimensionShares(**found)
