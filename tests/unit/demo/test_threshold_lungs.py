"""The classical pipeline on slices drawn by hand, and where it says that it failed."""

import numpy as np

from demo.threshold_lungs import lungs_by_threshold


def chest(left: bool = True, right: bool = True, table: bool = False) -> np.ndarray:
    """A bright body in a dark room, with dark lungs of 40 x 60 px that hold a bright vessel each."""
    image = np.full((256, 256), 10, np.uint8)
    image[60:200, 30:226] = 200
    for there, column in ((left, 60), (right, 150)):
        if there:
            image[100:160, column : column + 40] = 30
            image[120:124, column + 20 : column + 24] = 210
    if table:
        image[205:240, 30:226] = 150
        image[210:236, 35:221] = 40
    return image


def test_two_lungs_are_found_with_their_vessels() -> None:
    mask = lungs_by_threshold(chest())
    assert mask is not None
    assert mask.sum() == 2 * 40 * 60


def test_one_lung_a_table_and_an_empty_image_are_given_up() -> None:
    assert lungs_by_threshold(chest(right=False)) is None
    assert lungs_by_threshold(chest(right=False, table=True)) is None
    assert lungs_by_threshold(np.zeros((256, 256), np.uint8)) is None
