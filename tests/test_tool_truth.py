"""Tools against images made with a known answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tool_runs import computed, run_tool

SPOTS = """
import json, sys, numpy as np, tifffile
from scipy import ndimage
random = np.random.default_rng(0)
places = random.uniform(8, 592, (250, 2))
image = np.zeros((600, 600))
np.add.at(image, tuple(places.astype(int).T), random.uniform(2000, 6000, len(places)))
tifffile.imwrite(sys.argv[1], random.poisson(ndimage.gaussian_filter(image, 1.5) + 30).astype(np.uint16))
print(json.dumps(places.tolist()))
"""
MOVIE = """
import sys, numpy as np, tifffile
random = np.random.default_rng(0)
places, drift = random.uniform(20, 236, (25, 2)), random.normal(0, 1.2, (25, 2))
rows, columns = np.mgrid[:256, :256]
movie = np.zeros((30, 256, 256))
for frame in movie:
    places = np.clip(places + drift + random.normal(0, 0.6, places.shape), 8, 248)
    for y, x in places:
        frame += 300 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 18)
tifffile.imwrite(sys.argv[1], random.poisson(movie + 30).astype(np.uint16), imagej=True, metadata={"axes": "TYX"})
"""
DECAYS = """
import sys, numpy as np, tifffile
random, time = np.random.default_rng(0), np.linspace(0, 12.5, 256, endpoint=False)
lifetime = np.where(np.arange(96) < 48, 1.0, 3.0) * np.ones((96, 1))
decay = np.exp(-time[:, None, None] / lifetime) / (1 - np.exp(-12.5 / lifetime))
counts = random.poisson(np.roll(decay, 20, axis=0) * 20).astype(np.uint16)
tifffile.imwrite(sys.argv[1], counts, metadata={"axes": "HYX"}, ome=True)
"""
BALLS = """
import sys, numpy as np, tifffile
z, y, x = np.mgrid[:24, :128, :128]
stack = np.random.default_rng(0).poisson(20, z.shape)
for cz, cy, cx in [(8, 30, 30), (8, 30, 49), (15, 30, 30), (12, 90, 90), (6, 90, 40)]:
    stack[(3 * (z - cz)) ** 2 + (y - cy) ** 2 + (x - cx) ** 2 < 100] += 200
tifffile.imwrite(sys.argv[1], stack.astype(np.uint16), imagej=True, resolution=(2, 2),
                 metadata={"axes": "ZYX", "spacing": 1.5, "unit": "um"})
"""


def near(places: list[list[float]], others: list[list[float]]) -> float:
    """Return the share of places that have another within 3 pixels."""
    close = [any((y - v) ** 2 + (x - w) ** 2 < 9 for v, w in others) for y, x in places]
    return sum(close) / len(close)


def test_spots_are_where_they_were_put(tmp_path: Path) -> None:
    truth = computed("spots", SPOTS, str(tmp_path / "spots.tif"))
    table = run_tool("spots", tmp_path / "spots.tif", parameters={}).table()
    found = [[float(y), float(x)] for y, x in zip(table["y_px"], table["x_px"], strict=True)]
    assert near(truth, found) >= 0.97
    assert near(found, truth) >= 0.97


def test_every_particle_has_one_track(tmp_path: Path) -> None:
    computed("track-particles", MOVIE, str(tmp_path / "movie.tif"))
    table = run_tool("track-particles", tmp_path / "movie.tif", parameters={}).table()
    assert len(table["track"]) == 25
    assert sum(int(frames) for frames in table["frames"]) >= 0.95 * 25 * 30


def test_lifetimes_of_single_decays_are_found(tmp_path: Path) -> None:
    computed("flim-phasor", DECAYS, str(tmp_path / "decays.ome.tif"))
    table = run_tool("flim-phasor", tmp_path / "decays.ome.tif", parameters={"frequency_mhz": 80}).table()
    for column in ("tau_phase_median_ns", "tau_modulation_median_ns"):
        assert [float(tau) for tau in table[column]] == pytest.approx([1.0, 3.0], rel=0.03)


def test_balls_that_touch_in_a_plane_and_along_z_are_parted(tmp_path: Path) -> None:
    computed("nuclei-3d", BALLS, str(tmp_path / "balls.tif"))
    table = run_tool("nuclei-3d", tmp_path / "balls.tif", parameters={}).table()
    assert len(table["label"]) == 5
    volume = 4 / 3 * 3.14159 * (10 * 0.5) ** 3
    assert sorted(float(v) for v in table["volume_um3"])[2] == pytest.approx(volume, rel=0.15)
