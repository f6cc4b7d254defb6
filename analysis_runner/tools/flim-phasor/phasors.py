"""Phasor coordinates of lifetime images, and the grouping of pixels by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture

Array = np.ndarray[Any, Any]
MOST_FITTED = 50_000


@dataclass(frozen=True)
class Phasors:
    """Photons, coordinates and apparent lifetimes (ns) of every pixel, shape (Y, X); not a number where too dark."""

    photons: Array
    real: Array
    imaginary: Array
    tau_phase: Array
    tau_modulation: Array

    @property
    def known(self) -> Array:
        return np.isfinite(self.real)


def rising_edge(decay: Array) -> float:
    """Return the bin, as a fraction, in which a decay has risen to half of its peak above the bins before it.

    Parameters
    ----------
    decay : ndarray, shape (H,)
        Photons of all pixels by arrival time; it wraps around.
    """
    peak = int(decay.argmax())
    rolled = np.roll(decay.astype(np.float64), len(decay) // 2 - peak)
    top = len(decay) // 2
    half = (rolled[top] + np.percentile(rolled, 5)) / 2
    below = int(np.nonzero(rolled[:top] < half)[0].max(initial=0))
    rise = rolled[below + 1] - rolled[below]
    place = below + (half - rolled[below]) / rise if rise > 0 else float(below)
    return float((place - top + peak) % len(decay))


def phasors_of(
    counts: Array, frequency_mhz: float, harmonic: int, time_zero: float, passes: int, fewest: int
) -> Phasors:
    """Return the phasors of photon counts.

    Parameters
    ----------
    counts : ndarray, shape (H, Y, X)
        Photons by arrival time over one period of the laser.
    frequency_mhz : float
        Repetition rate of the laser.
    harmonic : int
    time_zero : float
        Bin in which the pulse arrives; phases count from there.
    passes : int
        How often the coordinates are smoothed by a median of 3 x 3 pixels.
    fewest : int
        Pixels with fewer photons get no phasor.
    """
    from phasorpy.lifetime import phasor_to_apparent_lifetime
    from phasorpy.phasor import phasor_filter_median, phasor_from_signal, phasor_transform

    photons = counts.sum(axis=0, dtype=np.float64)
    mean, real, imaginary = phasor_from_signal(counts, axis=0, harmonic=harmonic)
    real, imaginary = phasor_transform(real, imaginary, -2 * np.pi * harmonic * time_zero / len(counts), 1.0)
    dark = photons < fewest
    real, imaginary = np.where(dark, np.nan, real), np.where(dark, np.nan, imaginary)
    if passes:
        mean, real, imaginary = phasor_filter_median(np.where(dark, np.nan, mean), real, imaginary, repeat=passes)
    tau_phase, tau_modulation = phasor_to_apparent_lifetime(real, imaginary, frequency_mhz * harmonic)
    return Phasors(photons, real, imaginary, tau_phase, tau_modulation)


def grouped(phasors: Phasors, groups: int) -> Array:
    """Return the group of every pixel, shape (Y, X), from 1 by increasing phase; 0 where there is no phasor.

    A mixture of Gaussians fitted to at most `MOST_FITTED` pixels, always the same ones.
    """
    labels = np.zeros(phasors.real.shape, np.int32)
    points = np.column_stack([phasors.real[phasors.known], phasors.imaginary[phasors.known]])
    if groups == 1 or len(points) <= groups:
        labels[phasors.known] = 1
        return labels
    fitted = points[np.random.default_rng(0).permutation(len(points))[:MOST_FITTED]]
    mixture = GaussianMixture(groups, random_state=0, n_init=3).fit(fitted)
    found = mixture.predict(points)
    there = np.unique(found)
    phase = [np.arctan2(*np.median(points[found == group], axis=0)[::-1]) for group in there]
    rank = {group: place + 1 for place, group in enumerate(there[np.argsort(phase)])}
    labels[phasors.known] = [rank[group] for group in found]
    return labels
