"""Pictures of phasors: the plot, the lifetime image, the groups on the photon count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from overlays import COLOURS, grey
from phasors import Phasors

Array = np.ndarray[Any, Any]


def draw_phasor_plot(path: Path, phasors: Phasors, labels: Array, frequency_mhz: float) -> None:
    """Draw the density of phasors, the half circle with lifetimes marked in ns, and the middle of every group."""
    figure, axes = plt.subplots(figsize=(6, 4.2), layout="constrained")
    real, imaginary = phasors.real[phasors.known], phasors.imaginary[phasors.known]
    seen = [[-0.05, 1.05], [-0.05, 0.7]]
    axes.hist2d(real, imaginary, bins=(220, 150), range=seen, norm="log", cmap="viridis", cmin=1)
    angle = np.linspace(0, np.pi, 200)
    axes.plot(0.5 + 0.5 * np.cos(angle), 0.5 * np.sin(angle), color="#555555", linewidth=1)
    for lifetime in (0.5, 1, 2, 3, 4, 8):
        product = 2 * np.pi * frequency_mhz * lifetime * 1e-3
        g, s = 1 / (1 + product**2), product / (1 + product**2)
        axes.plot(g, s, "o", color="#555555", markersize=3)
        axes.annotate(f"{lifetime:g} ns", (g, s), (4, 4), textcoords="offset points", fontsize=8)
    for group in range(1, labels.max() + 1):
        inside = labels == group
        middle = np.median(phasors.real[inside]), np.median(phasors.imaginary[inside])
        tint = np.array(COLOURS[group - 1]) / 255
        axes.plot(*middle, "o", markersize=10, markerfacecolor="none", markeredgewidth=3, color=tint)
        axes.annotate(str(group), middle, (8, -10), textcoords="offset points", weight="bold")
    axes.set(xlim=seen[0], ylim=seen[1], xlabel="G", ylabel="S", aspect="equal")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_lifetimes(path: Path, phasors: Phasors) -> None:
    """Draw the lifetime from the phase as colour, between its 2nd and 98th percentile."""
    known = phasors.tau_phase[np.isfinite(phasors.tau_phase)]
    low, high = np.percentile(known, (2, 98)) if known.size else (0.0, 1.0)
    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    colours = mpl.colormaps["turbo"].with_extremes(bad="black")
    shown = axes.imshow(phasors.tau_phase, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    figure.colorbar(shown, label="Apparent lifetime from the phase (ns)")
    axes.set_axis_off()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def tinted(photons: Array, labels: Array) -> Array:
    """Return the photon count in grey with every group in its colour, shape (Y, X, 3)."""
    picture = grey(np.sqrt(photons)).astype(np.float32)
    for group in range(1, labels.max() + 1):
        inside = labels == group
        picture[inside] *= np.array(COLOURS[group - 1], np.float32) / 255
    return picture.astype(np.uint8)
