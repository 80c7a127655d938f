"""What can go wrong in a way that a person can act on; ``str(error)`` is the sentence they see."""


class ImprintError(Exception):
    """Base of all mistakes and limits that are reported as one sentence, without a traceback."""


class UnknownName(ImprintError):
    def __init__(self, kind: str, name: object, known: list[str]) -> None:
        super().__init__(f"There is no {kind} '{name}'. Choose one of: {', '.join(known)}.")


class BadChoice(ImprintError):
    """A knob's value that makes no sense, alone or with the others."""


class UnreadableImage(ImprintError):
    """One file that is not taken, with the reason; the rest of an import goes on."""


class NothingToImport(ImprintError):
    """A path without a single image that could be taken."""


class SetNotFound(ImprintError):
    def __init__(self, name: str, known: list[str]) -> None:
        have = f"Sets here: {', '.join(known)}." if known else "No set has been imported yet."
        super().__init__(f"There is no image set '{name}'. {have}")


class SetExists(ImprintError):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"A set '{name}' with other content is here already. "
            "Choose another name, or delete that set first."
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
        super().__init__("Cancelled. What was finished is kept; starting again goes on from there.")
