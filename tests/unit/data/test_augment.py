"""How training images are changed at random: each change is looked for in what comes out."""

import numpy as np
import pytest

from neurorebit.data.dataset import Dataset, Scaling
from neurorebit.schema.training import Augment
from neurorebit.training.batches import _rotated, batches, test_batches


def made(images, mirrored=True, scaling=None, labels=None):
    labels = np.zeros(len(images), np.int64) if labels is None else labels
    return Dataset(
        "made", images, labels, test_images=images, test_labels=labels, origin="here",
        mirrored=mirrored, scaling=scaling,
    )  # fmt: skip


def epoch(data, augment, seed=1, number=0):
    parts = batches(data, None, 16, seed=seed, epoch=number, augment=augment)
    return np.concatenate([images for images, _ in parts])


def plain(**how):
    return Augment(0, False, **how)


def squares(count=40, side=12, dtype=np.uint8):
    """A bright square below the middle of a dark image."""
    images = np.zeros((count, side, side, 1), dtype)
    images[:, 7:10, 5:7] = 200
    return images


def test_a_turned_image_is_turned_about_its_middle():
    """By up to 90 degrees either way: the square's middle keeps its distance from the centre."""
    out = epoch(made(squares()), plain(rotate=90)).astype(float)[..., 0]
    rows, cols = np.mgrid[:12, :12]
    whole = out.sum(axis=(1, 2))
    down = (out * rows).sum(axis=(1, 2)) / whole - 5.5
    right = (out * cols).sum(axis=(1, 2)) / whole - 5.5
    np.testing.assert_allclose(np.hypot(down, right), 2.5, atol=0.1)
    angles = np.degrees(np.arctan2(right, down))
    assert angles.min() < -60
    assert angles.max() > 60
    assert np.abs(angles).max() < 93
    np.testing.assert_allclose(whole, 6 * 200.0, rtol=0.1)


def test_a_turn_of_a_right_angle_is_exact():
    images = np.random.default_rng(3).integers(0, 256, (2, 5, 5, 3), np.uint8)
    turned = _rotated(images, np.array([90.0, -90.0]))
    np.testing.assert_array_equal(turned[0], np.rot90(images[0], 1))
    np.testing.assert_array_equal(turned[1], np.rot90(images[1], -1))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_jitter_changes_brightness_and_contrast_within_its_share(dtype):
    images = np.zeros((60, 8, 8, 1), dtype)
    images[:, :4] = 100
    out = epoch(made(images), plain(jitter=0.2)).astype(float)[..., 0]
    high, low = out[:, 0, 0], out[:, 7, 7]
    brightness = out.mean(axis=(1, 2)) / 50.0
    contrast = (high - low) / (100.0 * brightness)
    if dtype == np.uint8:  # what would be below black is black
        kept = low > 0
        brightness, contrast = brightness[kept], contrast[kept]
        assert 15 < kept.sum() < 45
    for factor in (brightness, contrast):
        assert factor.min() >= 0.79
        assert factor.max() <= 1.21
        assert np.ptp(factor) > 0.12
    assert abs(np.corrcoef(brightness, contrast)[0, 1]) < 0.5


def test_cutout_blackens_one_square_anywhere():
    images = np.full((400, 10, 10, 3), 9, np.uint8)
    out = epoch(made(images), plain(cutout=4))
    black = (out == 0).all(axis=3)
    assert ((out == 0).any(axis=3) == black).all()  # all channels alike
    for mask in black:
        rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert mask.sum() == len(rows) * len(cols)  # a full rectangle
        for line in (rows, cols):
            assert len(line) == line[-1] - line[0] + 1
            assert 2 <= len(line) <= 4  # cut off by the border
            assert len(line) == 4 or line[0] == 0 or line[-1] == 9
    assert black.any(axis=0).all()


def test_a_signal_is_shifted_along_its_time_alone():
    signal = np.zeros((50, 1, 9, 2), np.uint8)
    signal[:, 0, 4] = (7, 9)
    out = epoch(made(signal, mirrored=False), Augment(3, False))
    places = [int(np.flatnonzero(image[0, :, 0])[0]) for image in out]
    assert set(places) == set(range(1, 8))
    assert (out.max(axis=(1, 2)) == (7, 9)).all()  # never padded away


def test_other_changes_leave_the_random_crops_as_they_are():
    images = np.random.default_rng(5).integers(1, 200, (30, 6, 6, 1), np.uint8)
    first = epoch(made(images), Augment(2, True))
    again = epoch(made(images), Augment(2, True, cutout=0, jitter=0.0, rotate=0.0))
    np.testing.assert_array_equal(first, again)
    more = epoch(made(images), Augment(2, True, cutout=1))
    changed = (more != first).reshape(30, -1).sum(axis=1)
    assert changed.max() == 1


def test_images_are_normalised_after_they_were_changed():
    images = np.random.default_rng(6).integers(0, 256, (20, 6, 6, 2), np.uint8)
    scaling = Scaling(np.array([0.5, 0.25], np.float32), np.array([0.5, 2.0], np.float32))
    augment = Augment(2, True, cutout=2)
    raw, scaled = epoch(made(images), augment), epoch(made(images, scaling=scaling), augment)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, (raw / 255.0 - [0.5, 0.25]) / [0.5, 2.0], atol=1e-6)
    ((tested, _),) = test_batches(made(images, scaling=scaling), None, 100)
    np.testing.assert_allclose(tested, (images / 255.0 - [0.5, 0.25]) / [0.5, 2.0], atol=1e-6)


def test_a_short_test_of_a_regression_is_spread_over_the_data():
    images, targets = squares(20), np.arange(20.0)[:, None]
    ((_, some),) = test_batches(made(images, labels=targets), 5, 100)
    assert some[:, 0].tolist() == [0, 4, 8, 12, 16]
