"""Numbers in sentences."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """``1 image``, ``2 images``, ``1,000 images``; ``plural`` for nouns that do not just take an s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def verb(count: int, singular: str, plural: str) -> str:
    """The form of a verb for so many: ``verb(n, "is", "are")``."""
    return singular if count == 1 else plural
