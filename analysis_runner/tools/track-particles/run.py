"""Find particles in every frame of a movie and link them to tracks with trackpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import trackpy
from motion import Units, mean_squared_displacement, plot, summaries
from overlays import grey, save, traced
from read import read_image
from request import Refusal, Request, progress, run
from result import Result, counted, nothing_found, significant
from scipy.spatial import cKDTree
from tables import write_table
from verdict import on_image

Array = np.ndarray[Any, Any]
trackpy.quiet()


def located(movie: Array, diameter: int, smallest_mass: float) -> pd.DataFrame:
    """Return particles of all frames: y, x, mass, frame.

    Parameters
    ----------
    movie : ndarray, shape (T, Y, X)
    diameter : int
        Odd, in pixels.
    smallest_mass : float
        Summed brightness over the background, in grey levels.
    """
    found = []
    for number, frame in enumerate(movie):
        progress(0.15 + 0.5 * number / len(movie), f"Finding particles, frame {number + 1} of {len(movie)}")
        particles = trackpy.locate(frame.astype(np.float64), diameter, minmass=smallest_mass)
        found.append(particles.assign(frame=number))
    return pd.concat(found, ignore_index=True)


def noise_mass(movie: Array, diameter: int) -> float:
    """Return the mass that only one in two hundred dark specks exceeds: bright specks below it are likely noise."""
    chosen = movie[np.linspace(0, len(movie) - 1, min(len(movie), 8)).astype(int)].astype(np.float64)
    masses = [trackpy.locate(frame.max() - frame, diameter, minmass=0)["mass"].to_numpy() for frame in chosen]
    together = np.concatenate(masses)
    return float(np.percentile(together, 99.5)) if together.size else 0.0


def typical_step(particles: pd.DataFrame, diameter: int) -> float:
    """Return half the median distance to the nearest neighbour, at least 2 pixels and at most 3 diameters."""
    distances = [
        cKDTree(frame[["y", "x"]]).query(frame[["y", "x"]], k=2)[0][:, 1]
        for _, frame in particles.groupby("frame")
        if len(frame) > 1
    ]
    middle = float(np.median(np.concatenate(distances))) if distances else 2.0 * diameter
    return float(np.clip(middle / 2, 2, 3 * diameter))


def linked(particles: pd.DataFrame, step: float, memory: int, shortest: int) -> pd.DataFrame:
    """Return the particles with the number of their track, counted from 1; short tracks are left out.

    Raises
    ------
    Refusal
        If particles lie too densely for steps so large.
    """
    try:
        tracks = trackpy.link(particles, step, memory=memory)
    except trackpy.SubnetOversizeException as error:
        raise Refusal(
            "too_crowded",
            f"Particles lie too densely to tell them apart over steps of {step:.3g} pixels.",
            "Give a smaller largest step, or leave out faint particles.",
        ) from error
    counts = tracks["particle"].map(tracks["particle"].value_counts())
    tracks = tracks[counts >= shortest].sort_values(["particle", "frame"], ignore_index=True)
    return tracks.assign(track=pd.factorize(tracks["particle"])[0] + 1)


def work(request: Request) -> None:
    """Read, locate, link, measure, draw."""
    progress(0.05, "Reading the movie")
    image = read_image(request)
    diameter = request["diameter_px"]
    if diameter % 2 == 0:
        cure = f"Give {diameter - 1} or {diameter + 1}."
        raise Refusal("invalid_parameter", f"A diameter of {diameter} pixels is even.", cure)
    mass = request["smallest_mass"]
    mass = noise_mass(image.pixels, diameter) if mass is None else mass
    particles = located(image.pixels, diameter, mass)
    if particles.empty:
        raise nothing_found("particles")
    progress(0.7, "Linking")
    step = request["largest_step_px"] or typical_step(particles, diameter)
    tracks = linked(particles, step, request["memory_frames"], request["shortest_track"])
    if tracks.empty:
        raise nothing_found(f"tracks of {request['shortest_track']} frames")
    if request["subtract_drift"]:
        tracks = trackpy.subtract_drift(tracks.set_index("frame", drop=False).rename_axis(None))
        tracks = tracks.sort_values(["track", "frame"], ignore_index=True)
    progress(0.85, "Measuring")
    units = Units(image.pixel_size_um, image.time_step_s)
    _write(request, image, tracks, particles, units, {"smallest_mass_used": mass, "largest_step_px_used": step})


def _write(
    request: Request,
    image: Any,
    tracks: pd.DataFrame,
    particles: pd.DataFrame,
    units: Units,
    used: dict[str, float],
) -> None:
    table, msd = summaries(tracks, units), mean_squared_displacement(tracks, units)
    result = Result(request, "track", "tracks", image.warnings)
    result.objects = len(table["track"])
    speed, unit = ("speed_um_per_s", "µm/s") if units.speed else ("speed_px_per_frame", "pixels a frame")
    result.measures |= {
        "tracks": result.objects,
        f"median_{speed}": significant(float(np.median(table[speed]))),
        "median_frames": significant(float(np.median(table["frames"]))),
        "particles_a_frame": significant(len(particles) / image.pixels.shape[0]),
        "linked_share": significant(len(tracks) / len(particles)),
    } | {name: significant(value) for name, value in used.items()}
    result.summary = f"{counted(result.objects, 'track', 'tracks')}, median speed {np.median(table[speed]):.3g} {unit}."
    result.warnings += on_image(image) + _warnings(result, units, image.pixels.shape[0])
    paths = [list(zip(t["y"], t["x"], strict=True)) for _, t in tracks.groupby("track")]
    save(result.file("overlay.png"), traced(grey(image.pixels.max(axis=0)), paths))
    write_table(result.file("table.csv"), table)
    write_table(result.file("positions.csv"), units.positions(tracks))
    write_table(result.file("msd.csv"), msd)
    plot(result.file("msd.png"), msd)
    result.write()


def _warnings(result: Result, units: Units, frames: int) -> list[str]:
    said = []
    if units.time_step_s is None:
        said.append("The time between frames is not known, so speeds are in pixels a frame. Give it with the sample.")
    if result.objects < 5:
        said.append(f"Only {result.objects} tracks: medians of so few say little.")
    if (share := float(result.measures["linked_share"])) < 0.5:
        said.append(f"Only {share:.0%} of the particles found belong to a track: the rest is noise or too fast.")
    if float(result.measures["median_frames"]) < min(10, frames / 2):
        said.append("Half of the tracks are short. A larger step or a longer memory may join pieces of one track.")
    return said


if __name__ == "__main__":
    run(Path(__file__).with_name("tool.yaml"), work)
