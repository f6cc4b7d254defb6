"""Separate haematoxylin and DAB, find nuclei, and score them by their brown stain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from labels import write_labels
from measure import object_table
from objects import find_objects
from overlays import colour, grey, outlined, save
from read import Image, read_image
from request import Request, progress, run
from result import Result, counted, nothing_found, significant
from scipy import ndimage
from stains import Stains, classed, h_score, separated
from tables import Columns, in_um, write_table
from verdict import on_image

TINTS = np.array([(40, 90, 255), (255, 220, 0), (255, 140, 0), (230, 0, 0)], np.uint8)
CLASSES = ("negative", "weak", "moderate", "strong")
GRAIN = 1.0
DROPPED = {"max_intensity", "min_intensity", "integrated_intensity"}
AXES_ONLY = ("major_axis", "minor_axis", "perimeter")


def table_of(request: Request, labels: np.ndarray, stains: Stains, sizes: dict[str, float]) -> Columns:
    """Return one row a nucleus, with its stains and class."""
    table = object_table(labels, stains.haematoxylin, sizes)
    places = table["label"]
    dab = ndimage.mean(stains.dab, labels, places)
    brown = ndimage.mean(stains.dab >= request["weak_from"], labels, places)
    stained: Columns = {
        "haematoxylin_mean": table["mean_intensity"],
        "dab_mean": dab,
        "dab_positive_share": brown,
        "stain_class": classed(dab, request["weak_from"], request["moderate_from"], request["strong_from"]),
    }
    kept: Columns = {}
    for name, values in table.items():
        if name == "mean_intensity":
            kept |= stained
        elif name not in DROPPED and not name.startswith(AXES_ONLY):
            kept[name] = values
    return kept


def measures_of(request: Request, table: Columns, stains: Stains, sizes: dict[str, float]) -> dict[str, float]:
    classes = np.asarray(table["stain_class"])
    brown = (stains.dab >= request["weak_from"]) & stains.tissue
    measures = {
        "nuclei": len(classes),
        "positive_nuclei_share": significant(float((classes > 0).mean())),
        "h_score_like": significant(h_score(classes)),
        **{f"nuclei_{name}": int((classes == n).sum()) for n, name in enumerate(CLASSES)},
        "tissue_share": significant(float(stains.tissue.mean())),
        "dab_area_px": int(brown.sum()),
        "dab_share_of_tissue": significant(float(brown.sum() / max(stains.tissue.sum(), 1))),
        "dab_mean_in_brown": significant(float(stains.dab[brown].mean())) if brown.any() else 0.0,
    }
    area = in_um(np.asarray(brown.sum()), "yx", sizes)
    return measures if area is None else measures | {"dab_area_um2": significant(float(area))}


def warnings_of(table: Columns, stains: Stains, too_small: int, image: Image) -> list[str]:
    said = on_image(image)
    count = len(table["label"])
    if count < 5:
        said.append(f"Only {count} nuclei: shares of so few say little.")
    if stains.white < 0.85:
        said.append(
            f"The brightest parts reach {stains.white:.0%} of white: the background is not white, or there is none. "
            "Correct the white balance, or compare only images with the same background."
        )
    if stains.tissue.mean() < 0.05:
        said.append(f"Only {stains.tissue.mean():.1%} of the image is tissue.")
    if too_small > max(count, 5):
        said.append(f"{too_small} specks were left out as too small, more than nuclei were kept.")
    if count >= 5 and float(np.mean(table["touches_border"])) > 0.3:
        said.append("More than 30% of nuclei are cut by the edge of the image.")
    return said


def work(request: Request) -> None:
    """Read, separate, find, score, draw."""
    progress(0.05, "Reading the image")
    image = read_image(request)
    classed(np.zeros(1), request["weak_from"], request["moderate_from"], request["strong_from"])
    stains = separated(image.pixels)
    progress(0.2, "Finding nuclei")
    dark = stains.haematoxylin + (np.maximum(stains.dab, 0) if request["nuclei_from"] == "both" else 0)
    found = find_objects(
        ndimage.gaussian_filter(np.clip(dark, 0, None), GRAIN),
        (1.0, 1.0),
        diameter=request["diameter_px"],
        method=request["threshold"],
        split=True,
        smallest=0.15,
        drop_border=False,
    )
    if not found.labels.any():
        raise nothing_found("nuclei")
    progress(0.6, "Measuring")
    table = table_of(request, found.labels, stains, image.pixel_size_um)
    result = Result(request, "nucleus", "nuclei", image.warnings)
    result.objects = len(table["label"])
    result.measures = measures_of(request, table, stains, image.pixel_size_um)
    result.measures["diameter_used_px"] = significant(found.diameter)
    share = result.measures["positive_nuclei_share"]
    result.summary = (
        f"{counted(result.objects, 'nucleus', 'nuclei')}, {share:.0%} of them with brown stain; "
        f"{result.measures['dab_share_of_tissue']:.0%} of the tissue is brown."
    )
    result.warnings += warnings_of(table, stains, found.too_small, image)
    progress(0.8, "Drawing")
    tints = np.concatenate([np.zeros((1, 3), np.uint8), TINTS[table["stain_class"]]])
    save(result.file("overlay.png"), outlined(colour(image.pixels), found.labels, tints))
    save(result.file("haematoxylin.png"), 255 - grey(np.clip(stains.haematoxylin, 0, None)))
    save(result.file("dab.png"), 255 - grey(np.clip(stains.dab, 0, None)))
    write_table(result.file("table.csv"), table)
    write_labels(result.file("labels.ome.tif"), found.labels, "YX", image.pixel_size_um)
    result.write()


if __name__ == "__main__":
    run(Path(__file__).with_name("tool.yaml"), work)
