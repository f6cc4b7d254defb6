"""What tracks say of motion: path, speed, mean squared displacement, in pixels and in micrometres and seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from tables import Columns, with_um

Array = np.ndarray[Any, Any]
MOST_LAGS = 100


@dataclass(frozen=True)
class Units:
    """Pixel sizes in micrometres and the time step in seconds, as far as known."""

    sizes: Mapping[str, float]
    time_step_s: float | None

    @property
    def length(self) -> bool:
        return {"x", "y"} <= set(self.sizes)

    @property
    def speed(self) -> bool:
        return self.length and self.time_step_s is not None

    def in_um(self, places: Array) -> Array:
        """Return (y, x) in micrometres; pixels need not be square."""
        return places * np.array([self.sizes["y"], self.sizes["x"]])

    def positions(self, tracks: pd.DataFrame) -> Columns:
        """Return one row a particle and frame."""
        columns: Columns = {"track": tracks["track"].to_numpy(), "frame": tracks["frame"].to_numpy()}
        if self.time_step_s is not None:
            columns["time_s"] = columns["frame"] * self.time_step_s
        columns |= with_um("y", tracks["y"].to_numpy(), "y", self.sizes)
        columns |= with_um("x", tracks["x"].to_numpy(), "x", self.sizes)
        return columns | {"mass": tracks["mass"].to_numpy()}


def summaries(tracks: pd.DataFrame, units: Units) -> Columns:
    """Return one row a track."""
    rows = [_summary(track, units) for _, track in tracks.groupby("track")]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _summary(track: pd.DataFrame, units: Units) -> dict[str, float]:
    frames, places = track["frame"].to_numpy(), track[["y", "x"]].to_numpy()
    elapsed = frames[-1] - frames[0]
    path, straight, square = _path(frames, places)
    row = {
        "track": track["track"].iloc[0],
        "frames": len(track),
        "first_frame": frames[0],
        "last_frame": frames[-1],
        "path_px": path,
        "displacement_px": straight,
        "straightness": straight / path if path else np.nan,
        "speed_px_per_frame": path / elapsed,
        "msd1_px2": square,
        "mean_mass": track["mass"].mean(),
    }
    if units.length:
        path_um, straight_um, square_um = _path(frames, units.in_um(places))
        row |= {"path_um": path_um, "displacement_um": straight_um, "msd1_um2": square_um}
        if units.time_step_s is not None:
            row["speed_um_per_s"] = path_um / (elapsed * units.time_step_s)
    return {name: row[name] for name in ORDER if name in row}


ORDER = (
    "track", "frames", "first_frame", "last_frame", "path_px", "path_um", "displacement_px", "displacement_um",
    "straightness", "speed_px_per_frame", "speed_um_per_s", "msd1_px2", "msd1_um2", "mean_mass",
)  # fmt: skip


def _path(frames: Array, places: Array) -> tuple[float, float, float]:
    """Return the length of the path, the straight distance, and the mean squared step between successive frames."""
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    next_frame = np.diff(frames) == 1
    square = float(np.mean(steps[next_frame] ** 2)) if next_frame.any() else np.nan
    return float(steps.sum()), float(np.linalg.norm(places[-1] - places[0])), square


def mean_squared_displacement(tracks: pd.DataFrame, units: Units) -> Columns:
    """Return the mean squared displacement of all tracks together, each pair of positions counting once.

    Lags up to a third of the longest track, and with at least ten pairs.
    """
    longest = int(tracks.groupby("track")["frame"].agg(lambda f: f.max() - f.min()).max())
    lags = np.arange(1, max(2, min(MOST_LAGS, longest // 3) + 1))
    places = [(t["frame"].to_numpy(), t[["y", "x"]].to_numpy()) for _, t in tracks.groupby("track")]
    squares = [np.concatenate([_squares(frames, at, lag) for frames, at in places]) for lag in lags]
    enough = np.array([len(s) >= 10 or lag == 1 for s, lag in zip(squares, lags, strict=True)])
    columns: Columns = {"lag_frames": lags[enough]}
    if units.time_step_s is not None:
        columns["lag_s"] = lags[enough] * units.time_step_s
    columns["msd_px2"] = np.array([s.mean() if len(s) else np.nan for s in squares])[enough]
    if units.length:
        in_um = [np.concatenate([_squares(f, units.in_um(at), lag) for f, at in places]) for lag in lags]
        columns["msd_um2"] = np.array([s.mean() if len(s) else np.nan for s in in_um])[enough]
    return columns | {"pairs": np.array([len(s) for s in squares])[enough]}


def _squares(frames: Array, places: Array, lag: int) -> Array:
    """Return squared distances of all positions that are `lag` frames apart."""
    later = np.searchsorted(frames, frames + lag)
    there = (later < len(frames)) & (frames[np.minimum(later, len(frames) - 1)] == frames + lag)
    return np.sum((places[later[there]] - places[there]) ** 2, axis=1)


def plot(path: Path, msd: Columns) -> None:
    """Draw the mean squared displacement by lag, both on logarithmic axes."""
    lag, lag_unit = ("lag_s", "s") if "lag_s" in msd else ("lag_frames", "frames")
    value, unit = ("msd_um2", "µm²") if "msd_um2" in msd else ("msd_px2", "px²")
    figure, axes = plt.subplots(figsize=(5, 4), layout="constrained")
    axes.loglog(msd[lag], msd[value], marker="o", markersize=4, color="#1f6f8b")
    axes.set_xlabel(f"Lag ({lag_unit})")
    axes.set_ylabel(f"Mean squared displacement ({unit})")
    axes.grid(True, which="both", alpha=0.25)
    figure.savefig(path, dpi=150)
    plt.close(figure)
