"""Find spots with U-FISH (weights in its package), and measure them on the original image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from loguru import logger
from overlays import circled, grey, save
from read import read_image
from request import Request, progress, run
from result import Result, counted, nothing_found, significant
from scipy import ndimage
from scipy.spatial import cKDTree
from tables import Columns, in_um, with_um, write_table
from ufish.api import UFish
from ufish.utils.img import scale_image
from verdict import on_image

Array = np.ndarray[Any, Any]
TILE, OVERLAP = 512, 32
RING = np.hypot(*np.mgrid[-6:7, -6:7])
logger.disable("ufish")
RING = (RING >= 4) & (RING <= 6)


def enhanced_by_network(plane: Array, network: UFish) -> Array:
    """Return the network's enhanced image, made in overlapping tiles so that memory stays bounded.

    Parameters
    ----------
    plane : ndarray, shape (Y, X)
    """
    scaled = np.asarray(scale_image(plane), np.float32)
    size = tuple(-(-n // 16) * 16 for n in plane.shape)
    padded = np.pad(scaled, [(0, s - n) for s, n in zip(size, plane.shape, strict=True)], mode="reflect")
    enhanced = np.zeros(size, np.float32)
    tops = [(y, x) for y in range(0, size[0], TILE) for x in range(0, size[1], TILE)]
    for done, (y, x) in enumerate(tops):
        progress(0.1 + 0.7 * done / len(tops), f"Finding spots, tile {done + 1} of {len(tops)}")
        first_y, first_x = max(0, y - OVERLAP), max(0, x - OVERLAP)
        tile = padded[first_y : y + TILE + OVERLAP, first_x : x + TILE + OVERLAP]
        found = network.infer(tile[None, None])[0, 0]
        inner = found[y - first_y :, x - first_x :][:TILE, :TILE]
        enhanced[y : y + inner.shape[0], x : x + inner.shape[1]] = inner
    return enhanced[: plane.shape[0], : plane.shape[1]]


def measured(plane: Array, spots: Array, enhanced: Array) -> Columns:
    """Measure spots at (y, x) against a ring around each; the edge of the image is mirrored."""
    wide = np.pad(plane.astype(np.float64), 6, mode="symmetric")
    around = np.stack([wide[y : y + 13, x : x + 13][RING] for y, x in spots])
    background = np.median(around, axis=1)
    noise = 1.4826 * np.median(np.abs(around - background[:, None]), axis=1)
    intensity = ndimage.uniform_filter(plane.astype(np.float64), 3)[tuple(spots.T)]
    contrast = intensity - background
    snr = np.divide(contrast, noise, out=np.full(len(spots), np.nan), where=noise > 0)
    return {
        "intensity": intensity,
        "background": background,
        "contrast": contrast,
        "snr": snr,
        "enhanced": enhanced[tuple(spots.T)],
    }


def nearest(spots: Array) -> Array:
    """Return the distance of each spot to the nearest other one; nothing where there is no other."""
    if len(spots) < 2:
        return np.full(len(spots), np.nan)
    return cKDTree(spots).query(spots, k=2)[0][:, 1]


def table_of(plane: Array, spots: Array, enhanced: Array, sizes: dict[str, float]) -> Columns:
    table: Columns = {"label": np.arange(1, len(spots) + 1)}
    table |= with_um("y", spots[:, 0], "y", sizes) | with_um("x", spots[:, 1], "x", sizes)
    table |= measured(plane, spots, enhanced)
    table["nearest_px"] = nearest(spots)
    if {"x", "y"} <= set(sizes):
        table["nearest_um"] = nearest(spots * np.array([sizes["y"], sizes["x"]]))
    return table


def warnings_of(table: Columns) -> list[str]:
    said = []
    if len(table["label"]) < 5:
        said.append(f"Only {len(table['label'])} spots: medians of so few say little.")
    if (typical := float(np.nanmedian(table["snr"]))) < 3:
        said.append(f"The median signal to noise is {typical:.2g}: many of these may be no spots. Look at the overlay.")
    if len(table["label"]) > 20 and float(np.nanmedian(table["nearest_px"])) < 5:
        said.append("Spots lie less than 5 pixels apart: where they overlap, several count as one.")
    return said


def work(request: Request) -> None:
    """Read, enhance, find, measure, draw."""
    progress(0.05, "Reading the image")
    image = read_image(request)
    network = UFish(cuda=False).load_weights()
    enhanced = enhanced_by_network(image.pixels, network)
    called = network.call_spots(enhanced, intensity_threshold=request["sensitivity"])
    spots = called.to_numpy(dtype=np.int64)
    if not len(spots):
        raise nothing_found("spots")
    progress(0.85, "Measuring")
    snr = np.nan_to_num(measured(image.pixels, spots, enhanced)["snr"], nan=np.inf)
    kept = snr >= request["smallest_snr"] if request["smallest_snr"] else np.ones(len(spots), bool)
    spots = spots[kept]
    if not len(spots):
        raise nothing_found("spots")
    table = table_of(image.pixels, spots, enhanced, image.pixel_size_um)
    result = Result(request, "spot", "spots", image.warnings)
    result.objects = len(spots)
    result.measures |= {
        "spots": len(spots),
        "left_out_as_faint": int((~kept).sum()),
        "median_snr": significant(float(np.nanmedian(table["snr"]))),
        "median_contrast": significant(float(np.median(table["contrast"]))),
        "median_nearest_px": significant(float(np.nanmedian(table["nearest_px"]))) if len(spots) > 1 else "",
    }
    area = in_um(np.asarray(image.pixels.size), "yx", image.pixel_size_um)
    density = f", {significant(len(spots) / float(area) * 100):g} in 100 µm²" if area is not None else ""
    if area is not None:
        result.measures["spots_per_100_um2"] = significant(len(spots) / float(area) * 100)
    noise = f", median signal to noise {result.measures['median_snr']:g}" if np.isfinite(table["snr"]).any() else ""
    result.summary = f"{counted(len(spots), 'spot', 'spots')}{density}{noise}."
    result.warnings += on_image(image) + warnings_of(table)
    save(result.file("overlay.png"), circled(grey(image.pixels), [(y, x) for y, x in spots], radius=3.5))
    save(result.file("enhanced.png"), grey(enhanced))
    write_table(result.file("table.csv"), table)
    result.write()


if __name__ == "__main__":
    run(Path(__file__).with_name("tool.yaml"), work)
