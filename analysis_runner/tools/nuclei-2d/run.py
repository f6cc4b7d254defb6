"""Find nuclei in a plane by threshold and watershed, and measure them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from labels import write_labels
from measure import object_table
from objects import find_objects
from overlays import grey, outlined, save
from read import read_image
from request import Request, progress, run
from result import Result
from tables import write_table
from verdict import on_objects


def work(request: Request) -> None:
    """Read, find, measure, draw."""
    progress(0.05, "Reading the image")
    image = read_image(request)
    progress(0.2, "Finding nuclei")
    found = find_objects(
        image.pixels.astype(np.float32),
        (1.0, 1.0),
        diameter=request["diameter_px"],
        method=request["threshold"],
        split=request["split_touching"],
        smallest=request["smallest_share"],
        drop_border=request["drop_border"],
    )
    progress(0.6, "Measuring")
    table = object_table(found.labels, image.pixels, image.pixel_size_um)
    result = Result(request, "nucleus", "nuclei", image.warnings)
    result.measure_objects(table, image)
    result.measures["diameter_used_px"] = round(found.diameter, 2)
    result.warnings += on_objects(found, table, image, request["diameter_px"])
    progress(0.8, "Drawing")
    save(result.file("overlay.png"), outlined(grey(image.pixels), found.labels))
    write_table(result.file("table.csv"), table)
    write_labels(result.file("labels.ome.tif"), found.labels, image.axes, image.pixel_size_um)
    result.write()


if __name__ == "__main__":
    run(Path(__file__).with_name("tool.yaml"), work)
