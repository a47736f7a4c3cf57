"""Folders of pictures: a class each, turned, scaled and cut as the network wants them."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from test_files import network, refused

from neurorebit.data.fit import Wanted, fitting
from neurorebit.data.locate import load, locate


def picture(path, pixels, mode=None, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels, mode).save(path, **how) if mode else Image.fromarray(pixels).save(
        path, **how
    )


@pytest.fixture
def photos(tmp_path):
    """Two classes, four pictures each for training and one for test, grey and in colour."""
    for split, count in (("train", 4), ("test", 1)):
        for label, name in enumerate(("cats", "dogs")):
            for i in range(count):
                shape = (6, 8) if i % 2 else (6, 8, 3)
                place = tmp_path / "photos" / split / name / f"{i}.png"
                picture(place, np.full(shape, 40 * label + 10 * i, np.uint8))
    return tmp_path / "photos"


def pictures(tmp_path, place, shape=(3, 6, 8), classes=2):
    net = network(tmp_path, shape, classes)
    wanted = replace(Wanted.by(net, tmp_path), dataset=f"{place.name}/")
    return fitting(load(locate(wanted), net.input), net)


def test_a_folder_is_a_class(tmp_path, photos):
    data = pictures(tmp_path, photos)
    assert data.train_labels.tolist() == [0] * 4 + [1] * 4
    assert data.test_labels.tolist() == [0, 1]
    assert data.train_images.shape == (8, 6, 8, 3)
    values = [10 * i for i in range(4)] + [40 + 10 * i for i in range(4)]
    assert data.train_images.min(axis=(1, 2, 3)).tolist() == values
    assert data.train_images.max(axis=(1, 2, 3)).tolist() == values
    assert pictures(tmp_path, photos, (1, 6, 8)).train_images.shape == (8, 6, 8, 1)
    assert pictures(tmp_path, photos, (4, 6, 8)).train_images[..., 3].min() == 255
    refused(lambda: pictures(tmp_path, photos, (2, 6, 8)), "1, 3, 4 channels")
    refused(lambda: pictures(tmp_path, photos, classes=3), "3 classes", "photos/ has 2")


def test_pictures_take_the_place_of_installed_images(tmp_path, photos):
    net = network(tmp_path, (3, 6, 8), 2)
    wanted = replace(Wanted.by(net, tmp_path), dataset="digits")
    data = fitting(load(locate(wanted, photos), net.input), net)
    assert len(data.train_images) == 8
    elsewhere = replace(Wanted.by(network(tmp_path, (1, 8, 8), 10), tmp_path), dataset="digits")
    assert locate(elsewhere, tmp_path).dataset == "digits"  # a folder of data sets


def test_grey_is_the_luma_of_a_colour(tmp_path, photos):
    """ITU-R 601: 0.299 R + 0.587 G + 0.114 B."""
    colour = np.zeros((6, 8, 3), np.uint8)
    colour[...] = (200, 100, 50)
    picture(photos / "test" / "cats" / "0.png", colour)
    data = pictures(tmp_path, photos, (1, 6, 8))
    assert abs(int(data.test_images[0, 0, 0, 0]) - (0.299 * 200 + 0.587 * 100 + 0.114 * 50)) <= 1


def test_what_is_transparent_is_black(tmp_path, photos):
    clear = np.full((6, 8, 4), 200, np.uint8)
    clear[:, :4, 3], clear[:, 4:, 3] = 0, 255
    picture(photos / "test" / "cats" / "0.png", clear)
    images = pictures(tmp_path, photos).test_images[0]
    assert images[:, :4].max() == 0
    assert (images[:, 4:] == 200).all()


def test_sixteen_bits_of_grey_become_eight(tmp_path, photos):
    picture(photos / "test" / "cats" / "0.png", np.full((6, 8), 257 * 77, np.uint16))
    assert (pictures(tmp_path, photos, (1, 6, 8)).test_images[0] == 77).all()


def test_a_picture_is_turned_as_its_exif_says(tmp_path, photos):
    """Orientation 6: the first row of the file is the right side of the picture."""
    stored = np.zeros((8, 6), np.uint8)
    stored[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    place = photos / "test" / "cats" / "0.png"
    Image.fromarray(stored).save(place, exif=exif)
    image = pictures(tmp_path, photos, (1, 6, 8)).test_images[0, :, :, 0]
    assert (image[:, -1] == 255).all()
    assert image[:, :-1].max() == 0


def test_a_picture_covers_the_input_and_is_cut_to_its_middle(tmp_path, photos):
    """Twice as large as the input, and wider: a third of the width is left out on each side.

    Pixels next to the cut are among those that are averaged.
    """
    wide = np.zeros((12, 48), np.uint8)
    wide[:, 15:33] = 90
    picture(photos / "test" / "cats" / "0.png", wide)
    image = pictures(tmp_path, photos, (1, 6, 8)).test_images[0, :, :, 0]
    assert (image == 90).all()


def test_without_a_test_folder_every_fifth_picture_is_one(tmp_path):
    for name in ("a", "b"):
        for i in range(10):
            picture(tmp_path / "all" / name / f"{i}.png", np.full((4, 4), i, np.uint8))
    data = pictures(tmp_path, tmp_path / "all", (1, 4, 4))
    assert data.test_images[:, 0, 0, 0].tolist() == [2, 7, 2, 7]
    assert data.train_labels.tolist() == [0] * 8 + [1] * 8
    assert "every fifth picture" in data.note


@pytest.mark.parametrize(
    "fault", ["text", "broken", "class", "loose", "empty", "one", "few", "huge"]
)
def test_what_is_wrong_in_a_folder_is_named(tmp_path, photos, fault, monkeypatch):
    place = photos / "train" / "cats"
    if fault == "text":
        (place / "notes.txt").write_text("x")
        said = ("notes.txt", "expected pictures")
    elif fault == "broken":
        (place / "9.png").write_bytes((place / "0.png").read_bytes()[:40])
        said = ("9.png", "cannot be read")
    elif fault == "class":
        (photos / "test" / "birds").mkdir()
        said = ("birds", "a class that")
    elif fault == "loose":
        picture(photos / "train" / "x.png", np.zeros((2, 2), np.uint8))
        said = ("x.png", "in no folder of a class")
    elif fault == "empty":
        (photos / "train" / "birds").mkdir()
        said = ("birds", "has no picture")
    elif fault == "one":
        (tmp_path / "only" / "a").mkdir(parents=True)
        photos, said = tmp_path / "only", ("2 classes or more, got 1",)
    elif fault == "few":
        photos, said = photos / "train", ("cats", "expected 5 pictures or more")
        photos = photos.rename(tmp_path / "few")
    else:
        monkeypatch.setattr("neurorebit.data.folder.LARGEST", 47)
        said = ("0.png", "8 x 6 pixels are too many")
    refused(lambda: pictures(tmp_path, photos), *said)
