"""Phasor analysis of a lifetime image with phasorpy."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from labels import write_labels
from overlays import enlarged, save
from phasors import Phasors, grouped, phasors_of, rising_edge
from plots import draw_lifetimes, draw_phasor_plot, tinted
from read import Image, read_image
from request import Refusal, Request, progress, run
from result import Result, counted, nothing_found, significant
from tables import Columns, in_um, write_table
from verdict import on_image


def laser_frequency(request: Request, image: Image) -> float:
    """Return the repetition rate in MHz, as given or as the file states.

    Raises
    ------
    Refusal
        If neither says it.
    """
    frequency = request["frequency_mhz"] or image.laser_mhz
    if frequency is None:
        raise Refusal(
            "frequency_needed",
            "The repetition rate of the laser is not known, and lifetimes depend on it.",
            "Give it in MHz (often 80 or 40), or upload the PTU or SDT file of the microscope.",
        )
    return float(frequency)


def table_of(phasors: Phasors, labels: np.ndarray, sizes: dict[str, float]) -> Columns:
    """Return one row a group."""
    groups = np.arange(1, labels.max() + 1)
    inside = [labels == group for group in groups]
    table: Columns = {"label": groups, "area_px": np.array([int(i.sum()) for i in inside])}
    area = in_um(np.asarray(table["area_px"]), "yx", sizes)
    if area is not None:
        table["area_um2"] = area
    table["share"] = np.asarray(table["area_px"]) / phasors.known.sum()
    table["photons_median"] = np.array([np.median(phasors.photons[i]) for i in inside])
    table["g_median"] = np.array([np.median(phasors.real[i]) for i in inside])
    table["s_median"] = np.array([np.median(phasors.imaginary[i]) for i in inside])
    for name, share in (("median", 50), ("p25", 25), ("p75", 75)):
        table[f"tau_phase_{name}_ns"] = np.array([np.nanpercentile(phasors.tau_phase[i], share) for i in inside])
    table["tau_modulation_median_ns"] = np.array([np.nanmedian(phasors.tau_modulation[i]) for i in inside])
    return table


def warnings_of(request: Request, phasors: Phasors, table: Columns) -> list[str]:
    said = []
    if request["time_zero_bin"] is None:
        said.append(
            "No reference was measured: the arrival of the pulse was read from the rising edge of the decay, so "
            "lifetimes are estimates. Compare groups rather than values."
        )
    real, imaginary = phasors.real[phasors.known], phasors.imaginary[phasors.known]
    outside = float((((real - 0.5) ** 2 + imaginary**2 > 0.53**2) | (imaginary < -0.03)).mean())
    if outside > 0.1:
        said.append(f"{outside:.0%} of phasors lie outside the half circle: check the bin in which the pulse arrives.")
    if (typical := float(np.median(phasors.photons[phasors.known]))) < 100:
        said.append(f"Half of the pixels have fewer than {typical:.0f} photons: smooth more, or add up pixels.")
    if (share := float(phasors.known.mean())) < 0.05:
        said.append(f"Only {share:.1%} of pixels have enough photons.")
    if float(np.min(table["share"])) < 0.02:
        said.append("A group holds less than 2% of the pixels: fewer groups may describe the image as well.")
    return said


def work(request: Request) -> None:
    """Read, transform, group, draw."""
    progress(0.05, "Reading the decays")
    image = read_image(request)
    if image.pixels.min() < 0:
        raise Refusal(
            "not_photons",
            f"Photon counts cannot be negative, and this image reaches down to {image.pixels.min():g}.",
            "Upload the raw counts, before any background was taken off.",
        )
    frequency = laser_frequency(request, image)
    if request["time_zero_bin"] is not None and request["time_zero_bin"] >= len(image.pixels):
        last = len(image.pixels) - 1
        raise Refusal("invalid_parameter", f"There are only {last + 1} bins.", f"Give a bin from 0 to {last}.")
    zero = request["time_zero_bin"]
    zero = rising_edge(image.pixels.sum(axis=(1, 2), dtype=np.float64)) if zero is None else zero
    progress(0.3, "Computing phasors")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        phasors = phasors_of(
            image.pixels, frequency, request["harmonic"], zero, request["median_passes"], request["smallest_photons"]
        )
        if not phasors.known.any():
            raise nothing_found(f"pixels with {request['smallest_photons']} photons")
        progress(0.6, "Grouping pixels")
        labels = grouped(phasors, request["groups"])
        table = table_of(phasors, labels, image.pixel_size_um)
        measures = {
            "groups": len(table["label"]),
            "frequency_used_mhz": significant(frequency),
            "time_zero_used_bin": significant(zero),
            "median_tau_phase_ns": significant(float(np.nanmedian(phasors.tau_phase))),
            "median_tau_modulation_ns": significant(float(np.nanmedian(phasors.tau_modulation))),
            "median_photons": significant(float(np.median(phasors.photons[phasors.known]))),
            "share_with_enough_photons": significant(float(phasors.known.mean())),
        }
    result = Result(request, "group of pixels", "groups of pixels", image.warnings)
    result.objects, result.measures = len(table["label"]), measures
    lifetimes = " and ".join(f"{tau:.3g}" for tau in table["tau_phase_median_ns"])
    groups = counted(result.objects, "group of pixels", "groups of pixels")
    result.summary = f"{groups} with a median apparent lifetime of {lifetimes} ns."
    result.warnings += on_image(image) + warnings_of(request, phasors, table)
    progress(0.8, "Drawing")
    save(result.file("overlay.png"), enlarged(tinted(phasors.photons, labels)))
    draw_phasor_plot(result.file("phasor.png"), phasors, labels, frequency * request["harmonic"])
    draw_lifetimes(result.file("lifetime.png"), phasors)
    write_table(result.file("table.csv"), table)
    write_labels(result.file("labels.ome.tif"), labels, "YX", image.pixel_size_um)
    result.write()


if __name__ == "__main__":
    run(Path(__file__).with_name("tool.yaml"), work)
