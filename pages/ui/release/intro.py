"""What an assessment will do, where there is none yet."""

from collections.abc import Sequence

from core.release.attacks.catalog import BATTERY
from core.release.config import ReleaseConfig
from core.types import ImageSet
from core.wording import counted


def words(sets: Sequence[ImageSet], config: ReleaseConfig) -> str:
    """One sentence."""
    last = sets[-1]
    attacks = counted(len({*BATTERY, *config.attacks}), "attack")
    where = f"“{last.name}”" if len(sets) == 1 else f"“{sets[0].name}” and, once it is fixed, “{last.name}”"
    return (
        f"{attacks} and their controls run on {where}: do the {len(last.generated):,} generated images show "
        f"which of the {counted(len(last.real), 'real slice')} were used in training?"
    )
