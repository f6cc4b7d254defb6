"""Find nuclei in a stack by threshold and watershed, with slices at their true distance, and measure them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from labels import write_labels
from measure import object_table
from objects import find_objects
from overlays import grey, outlined, save
from read import Image, read_image
from request import Refusal, Request, progress, run
from result import Result
from tables import write_table
from verdict import on_objects


def slice_distance(request: Request, image: Image) -> float:
    """Return the distance between slices in pixels along x.

    Raises
    ------
    Refusal
        If neither the file nor the parameter says it.
    """
    if request["slice_distance_px"]:
        return float(request["slice_distance_px"])
    sizes = image.pixel_size_um
    if {"x", "z"} <= set(sizes):
        return sizes["z"] / sizes["x"]
    raise Refusal(
        "pixel_size_needed",
        "How far apart the slices are is not known, and volumes depend on it.",
        "Give the pixel size along x and z with the sample, or the distance between slices as a parameter.",
    )


def work(request: Request) -> None:
    """Read, find, measure, draw."""
    progress(0.05, "Reading the stack")
    image = read_image(request)
    distance = slice_distance(request, image)
    progress(0.1, "Finding nuclei")
    found = find_objects(
        image.pixels.astype(np.float32),
        (distance, image.pixel_size_um.get("y", 1.0) / image.pixel_size_um.get("x", 1.0), 1.0),
        diameter=request["diameter_px"],
        method=request["threshold"],
        split=request["split_touching"],
        smallest=request["smallest_share"],
        drop_border=request["drop_border"],
    )
    progress(0.7, "Measuring")
    table = object_table(found.labels, image.pixels, image.pixel_size_um)
    result = Result(request, "nucleus", "nuclei", image.warnings)
    result.measure_objects(table, image)
    result.measures |= {
        "diameter_used_px": round(found.diameter, 2),
        "slice_distance_px": round(distance, 4),
    }
    result.warnings += on_objects(found, table, image, request["diameter_px"])
    if distance > found.diameter / 2:
        result.warnings.append("Slices are more than half a nucleus apart: nuclei above each other may be one object.")
    progress(0.85, "Drawing")
    middle = image.pixels.shape[0] // 2
    save(result.file("overlay.png"), outlined(grey(image.pixels[middle]), found.labels[middle]))
    save(result.file("projection.png"), outlined(grey(image.pixels.max(axis=0)), found.labels.max(axis=0)))
    write_table(result.file("table.csv"), table)
    write_labels(result.file("labels.ome.tif"), found.labels, image.axes, image.pixel_size_um)
    result.write()


if __name__ == "__main__":
    run(Path(__file__).with_name("tool.yaml"), work)
