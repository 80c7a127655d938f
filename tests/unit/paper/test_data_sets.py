"""Which development and test parts belong together, and how they are named on the command line."""

import pytest

from core.errors import BadChoice, SetNotFound
from core.images.library import Library
from core.paper import data_sets
from core.paper.data_sets import DataSet
from core.types import ImageFile, ImageSet, Role
from tests.support.samples import noise


def add(
    library: Library, name: str, part: str | None = None, pair: str | None = None, real: bool = True
) -> ImageSet:
    """One generated image, and a real one."""
    files = [ImageFile("generated/1.png", library.add_pixels(noise(1, 8)[0]))]
    if real:
        files.append(ImageFile("real_used/1.png", library.add_pixels(noise(2, 8)[1]), Role.REAL_USED))
    image_set = ImageSet(name, "membership", tuple(files), part=part, pair=pair)
    library.add(image_set)
    return image_set


@pytest.fixture
def challenge(library: Library) -> Library:
    """As an import of a zip with DB1 and DB2, development and test, leaves it; and one set beside."""
    for number in (1, 2, 10):
        add(library, f"ct DB{number} dev", "development", f"ct DB{number} test")
        add(library, f"ct DB{number} test", "test", f"ct DB{number} dev")
    add(library, "ct2")
    return library


def names(found: list[ImageSet]) -> list[str]:
    return [each.name for each in found]


def test_a_name_or_its_beginning(challenge: Library) -> None:
    """The full name first; whole words before parts of words (DB1 before DB10); natural order."""
    assert names(data_sets.find("ct DB1 dev", challenge)) == ["ct DB1 dev"]
    assert names(data_sets.find("ct DB1", challenge)) == ["ct DB1 dev", "ct DB1 test"]
    assert names(data_sets.find("ct", challenge)) == [
        *("ct DB1 dev", "ct DB1 test", "ct DB2 dev", "ct DB2 test", "ct DB10 dev", "ct DB10 test")
    ]
    assert len(data_sets.find("c", challenge)) == 7
    for word in ("", "dev", "ct DB3"):
        with pytest.raises(SetNotFound):
            data_sets.find(word, challenge)


def test_parts_are_paired_whichever_was_given(challenge: Library) -> None:
    every = data_sets.find("ct DB", challenge)
    found = data_sets.paired(reversed(every), challenge)
    assert [names(list(each.parts)) for each in found] == [
        *(["ct DB10 dev", "ct DB10 test"], ["ct DB2 dev", "ct DB2 test"], ["ct DB1 dev", "ct DB1 test"])
    ]
    alone = data_sets.paired([challenge.get("ct DB2 test")], challenge)
    assert [names(list(each.parts)) for each in alone] == [["ct DB2 dev", "ct DB2 test"]]
    assert [each.number for each in found] == ["DB10", "DB2", "DB1"]


def test_a_test_part_without_development_fits_no_attack(challenge: Library) -> None:
    challenge.delete("ct DB1 dev")
    (found,) = data_sets.paired([challenge.get("ct DB1 test")], challenge)
    assert found.development is None
    assert found.asked("3") == []


def test_names_pair_what_was_imported_by_itself(library: Library) -> None:
    """As the demo's: development in one name, test in the other; not of another kind."""
    for name in ("Demo DB1 development, dial 1", "Demo DB1 test, dial 1", "x development"):
        add(library, name)
    add(library, "x test", real=False)
    for given in ("Demo DB1 development, dial 1", "Demo DB1 test, dial 1"):
        (found,) = data_sets.paired([library.get(given)], library)
        assert names(list(found.parts)) == ["Demo DB1 development, dial 1", "Demo DB1 test, dial 1"]
    (other,) = data_sets.paired([library.get("x development")], library)
    assert other.test is None


def test_what_a_table_is_evaluated_on(library: Library) -> None:
    development, test = add(library, "a", real=False), add(library, "b", real=False)
    both = DataSet(development, test)
    assert [both.asked(table) for table in "25"] == [[development], [test]]
    assert [both.fits(table) for table in "2345"] == [True, False, False, True]
    assert DataSet(development).asked("5") == [development]
    real = DataSet(add(library, "c"), add(library, "d"))
    assert names(real.asked("3")) == names(real.asked("4")) == ["c", "d"]


def test_tests_by_hand_are_as_many_as_data_sets(library: Library) -> None:
    first, second = add(library, "a"), add(library, "b")
    assert data_sets.with_tests([first], [second]) == [DataSet(first, second)]
    with pytest.raises(BadChoice, match="2 data sets, 1 test set"):
        data_sets.with_tests([first, second], [first])


def test_siblings_differ_in_the_number_of_the_data_set_only(challenge: Library) -> None:
    found = data_sets.siblings(challenge.get("ct DB2 dev"), challenge.all())
    assert names(found) == ["ct DB1 dev", "ct DB2 dev", "ct DB10 dev"]
    assert names(data_sets.siblings(challenge.get("ct2"), challenge.all())) == ["ct2"]
