"""Errors that a person can act on; ``str(error)`` is the sentence they see."""


class ImprintError(Exception):
    """Base of all mistakes and limits that are reported as one sentence, without a traceback."""


class UnknownName(ImprintError):
    def __init__(self, kind: str, name: object, known: list[str]) -> None:
        super().__init__(f"There is no {kind} '{name}'. Choose one of: {', '.join(known)}.")


class BadChoice(ImprintError):
    """A value of a setting that is invalid, alone or in combination."""


class UnreadableImage(ImprintError):
    """One file that is rejected, with the reason; the rest of an import continues."""


class NothingToImport(ImprintError):
    """A path without any image that could be imported."""


class SetNotFound(ImprintError):
    def __init__(self, name: str, known: list[str]) -> None:
        have = f"Data sets: {', '.join(known)}." if known else "No data set has been imported yet."
        super().__init__(f"There is no data set '{name}'. {have}")


class SetExists(ImprintError):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"A data set '{name}' with different content already exists. "
            "Choose another name, or delete that data set first."
        )


class WeightsMissing(ImprintError):
    """A backbone whose weights are not on this machine."""


class WeightsRefused(ImprintError):
    """A weights file that is not what its name promises."""


class DamagedData(ImprintError):
    """Stored images that no longer match their hash."""


class StoreFull(ImprintError):
    """No room for a result, neither under the quota nor on the disk."""


class Cancelled(ImprintError):
    def __init__(self) -> None:
        super().__init__("Cancelled. Completed steps are kept; starting again continues from there.")
