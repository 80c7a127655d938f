import pytest

from core.errors import UnknownName
from core.registry import Registry


@pytest.fixture
def fruits() -> Registry[int]:
    registry: Registry[int] = Registry("fruit")
    registry.register("pear", 1)
    registry.register("apple", 2)
    return registry


def test_rows_come_back_in_the_order_of_registration(fruits: Registry[int]) -> None:
    assert fruits.names() == ["pear", "apple"]
    assert list(fruits) == [("pear", 1), ("apple", 2)]
    assert fruits.get("apple") == 2


def test_a_duplicate_is_refused_and_the_first_row_kept(fruits: Registry[int]) -> None:
    with pytest.raises(ValueError, match="fruit 'pear' is registered twice"):
        fruits.register("pear", 3)
    assert fruits.get("pear") == 1


def test_an_unknown_name_lists_the_known_ones(fruits: Registry[int]) -> None:
    with pytest.raises(UnknownName) as error:
        fruits.get("plum")
    assert str(error.value) == "There is no fruit 'plum'. Choose one of: pear, apple."
