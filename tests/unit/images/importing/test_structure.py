"""What trees of folders hold: the challenge's years as they unpack, and trees that leave something open."""

import pytest

from core.images.importing.folder_names import role_of
from core.images.importing.structure import Found, groups, questions, read, wrapper_of
from core.types import Role

G, U, N, X = Role.GENERATED, Role.REAL_USED, Role.REAL_NOT_USED, Role.REAL_UNKNOWN
DEV, TEST = "development", "test"


@pytest.mark.parametrize(
    ("folder", "role"),
    [
        ("used", Role.REAL_USED),  # 2023
        ("not_used", Role.REAL_NOT_USED),
        ("generated", Role.GENERATED),
        ("real_unknown_1", Role.REAL_UNKNOWN),
        ("generated_1", Role.GENERATED),
        ("real_used", Role.REAL_USED),  # 2025
        ("real_not_used", Role.REAL_NOT_USED),
        ("real_unknown", Role.REAL_UNKNOWN),
        ("Real-Unknown 2", Role.REAL_UNKNOWN),
        (" REAL  USED ", Role.REAL_USED),
        ("real", Role.REAL_UNKNOWN),
        ("vae", None),
        ("generator_1", None),
        ("1", None),
    ],
)
def test_roles_of_the_years_folders(folder: str, role: Role | None) -> None:
    """Names as field.md lists them for the challenge's years."""
    assert role_of(folder) == role


@pytest.mark.parametrize(
    ("paths", "wrapper"),
    [
        (["a/x.png", "b/y.png"], ""),
        (["root/a/x.png", "root/b/y.png"], "root/"),
        (["top/root/a/x.png", "top/root/b/y.png"], "top/root/"),
        (["root/a/x.png", "root/y.png"], "root/"),
        (["a/x.png", "a/y.png"], ""),
        (["root/a/x.png", "root/a/y.png"], "root/"),
        (["x.png", "a/y.png"], ""),
        (["x.png"], ""),
        ([], ""),
    ],
)
def test_the_folder_that_wraps_all(paths: list[str], wrapper: str) -> None:
    """The last folder that holds images itself is a class and never part of the wrapper."""
    assert wrapper_of(paths) == wrapper


def tree(*folders: str) -> list[str]:
    """One image in each folder."""
    return [f"{folder}/1.png" if folder else "1.png" for folder in folders]


def of_folders(paths: list[str]) -> dict[str, Found]:
    found = read([path.removeprefix(wrapper_of(paths)) for path in paths])
    return {wrapper_of(paths) + path.rpartition("/")[0]: each for path, each in found.items()}


SUBSETS = [f"t{number}" for number in range(1, 6)]
ONE_SET = {
    "2023, development": {"img_gen/generated": G, "img_real/used": U, "img_real/not_used": N},
    "2023, another unpacking": {"generated": G, "real/used": U, "real/not_used": N},
    "2023, test": {"test_1/generated_1": G, "test_1/real_unknown_1": X},
    "2023, a validation split": {"val-generated": G, "val-originals": X},
    "2024, one data set": {"generated": G, "real_used": U, "real_not_used": N},
    "2024, its test": {"DB1/generated": G, "DB1/real_unknown": X},
    "2025, in two wrappers": {
        "a/Subtask1/generated": G,
        "a/Subtask1/real_used": U,
        "a/Subtask1/real_not_used": N,
    },
    "2025, subtask 2, test": {"Subtask2/Subtask2_test/generated_unknown": G},
    "other spellings": {"Generated Images": G, "REAL-UNUSED": N, "realUsed 2": U},
}


@pytest.mark.parametrize("name", ONE_SET)
def test_the_years_of_the_challenge_by_name_alone(name: str) -> None:
    """The trees of field.md, as participants' public code reads them."""
    expected = ONE_SET[name]
    found = of_folders(tree(*expected))
    assert {folder: each.role for folder, each in found.items()} == expected
    paths = tree(*expected)
    inner = read([path.removeprefix(wrapper_of(paths)) for path in paths])
    assert len(groups(inner)) == 1
    assert not questions(inner)


@pytest.mark.parametrize("nested", ["{0}/{1}", "{0}/{1}/{1}", "x/{0}/{1}"])
def test_training_subsets(nested: str) -> None:
    """2025, sub-task 2: real slices are those that the generator of their subset was trained on."""
    folders = [nested.format(kind, subset) for kind in ("real", "generated") for subset in SUBSETS]
    found = of_folders(tree(*folders))
    assert [each.role for each in found.values()] == [U] * 5 + [G] * 5
    assert [each.label for each in found.values()] == SUBSETS * 2


def test_one_folder_per_generator() -> None:
    for names in (["gan", "diffusion"], ["gen1", "gen2", "gen3"], ["generated_1", "generated_2"]):
        found = read(tree(*names))
        assert [each.label for each in found.values()] == names
        assert not questions(found)


def test_generators_of_a_membership_set() -> None:
    found = of_folders(tree("generated/gan", "generated/vae", "real_used/patient 1"))
    assert [(each.role, each.label) for each in found.values()] == [(G, "gan"), (G, "vae"), (U, None)]


def test_a_single_folder_below_a_role_may_be_a_patient_and_is_no_label() -> None:
    found = of_folders(tree("generated/Jane Doe", "real_used/John Doe"))
    assert {each.label for each in found.values()} == {None}


def test_shards_and_bare_words_are_no_generators() -> None:
    """StyleGAN's 00000 and 00001, and a folder that is only called images."""
    for names in (["00000", "00001"], ["images"], ["png", "slices"]):
        assert {each.label for each in read(tree(*names)).values()} == {None}


MEMBERSHIP = ("generated", "real_used", "real_not_used")
SEVERAL = {
    "DB1 and DB2": ([f"DB{n}/{role}" for n in (1, 2) for role in MEMBERSHIP], {"DB1": None, "DB2": None}, {}),
    "both parts of both": (
        [f"train dataset/DB{n}/{role}" for n in (1, 2) for role in MEMBERSHIP]
        + [f"test_dataset/DB{n}/{role}" for n in (1, 2) for role in ("generated", "real_unknown")],
        {
            "train dataset/DB1": DEV,
            "train dataset/DB2": DEV,
            "test_dataset/DB1": TEST,
            "test_dataset/DB2": TEST,
        },
        {"train dataset/DB1": "test_dataset/DB1", "train dataset/DB2": "test_dataset/DB2"},
    ),
    "the other way round": (
        [f"DB{n}/{part}/{role}" for n in (1, 2) for part in ("dev", "test") for role in MEMBERSHIP],
        {"DB1/dev": DEV, "DB1/test": TEST, "DB2/dev": DEV, "DB2/test": TEST},
        {"DB1/dev": "DB1/test", "DB2/dev": "DB2/test"},
    ),
    "2025": (
        [
            *("Subtask1/Subtask1_dev/generated", "Subtask1/Subtask1_dev/real_used"),
            *("Subtask1/Subtask1_test/generated", "Subtask1/Subtask1_test/real_unknown"),
        ],
        {"Subtask1_dev": DEV, "Subtask1_test": TEST},
        {"Subtask1_dev": "Subtask1_test"},
    ),
    "three parts": (
        [f"{part}/{role}" for part in ("train", "validation", "test") for role in MEMBERSHIP],
        {"train": DEV, "validation": DEV, "test": TEST},
        {"train": "test"},
    ),
    "a flat test part": (
        ["development/gan", "development/vae", "test"],
        {"development": DEV, "test": TEST},
        {"development": "test"},
    ),
    "years": (
        [f"{year}/{role}" for year in (2023, 2024) for role in MEMBERSHIP],
        {"2023": None, "2024": None},
        {},
    ),
    "sub-tasks": (
        ["task1/generated", "task1/real_used", "task2/gan", "task2/vae"],
        {"task1": None, "task2": None},
        {},
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_data_sets_and_their_pairs(name: str) -> None:
    folders, parts, pairs = SEVERAL[name]
    paths = tree(*folders)
    found = read([path.removeprefix(wrapper_of(paths)) for path in paths])
    made = groups(found)
    assert {each.folder: each.part for each in made} == parts
    assert {
        each.folder: made[each.partner].folder
        for each in made
        if each.partner is not None and each.part == DEV
    } == pairs
    assert sum(len(each.paths) for each in made) == len(paths)
    assert not questions(found)


OPEN = {
    "train and test": (["train", "test"], {"train", "test"}),
    "anonymeter's names": (["original", "control", "synthetic"], {"control"}),
    "a folder without a role": ([*MEMBERSHIP, "misc"], {"misc"}),
    "members": (["members", "nonmembers", "generated"], {"members", "nonmembers"}),
    "roles below one generator": (["gan/generated", "gan/real_used", "vae"], {"vae"}),
    "a contradiction": (["generated/used", "real"], {"generated/used"}),
    "masks": (["images", "masks"], {"masks"}),
    "unknown": (["unknown", "generated"], {"unknown"}),
    "masks below": (["px64/images", "px64/masks"], {"px64/masks"}),
    "parts of a generator": (["gan/train", "gan/test", "vae"], {"gan/train", "gan/test"}),
    "a bare word beside roles": (["ct-512", "generated", "used"], {"ct-512"}),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_names_leave_open_is_asked(name: str) -> None:
    folders, expected = OPEN[name]
    assert {each.folder for each in questions(read(tree(*folders)))} == expected


def test_a_stack_whose_name_says_a_role_is_like_a_folder() -> None:
    found = read(["generated.npz", "real_used.npz", "real_not_used.NPY", "x/samples.npz"])
    assert [each.role for each in found.values()] == [
        Role.GENERATED,
        Role.REAL_USED,
        Role.REAL_NOT_USED,
        None,
    ]


def test_names_of_files_that_say_they_are_real_are_asked() -> None:
    """Flat images are taken for generated ones; ``generated_1.png`` among them is no contradiction."""
    (asked,) = questions(read(["real_1.png", "generated_1.png", "2.png"]))
    assert asked.folder == ""
    assert asked.why.startswith("Names of files in '.' say that they are real")
    assert questions(read(["generated_1.png", "2.png"])) == []
    assert questions(read(["gan/real_1.png"])) == []
