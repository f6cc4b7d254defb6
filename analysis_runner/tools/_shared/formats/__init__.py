"""Image files, opened by what their first bytes say: the header first, pixels only when asked for."""

from __future__ import annotations

from pathlib import Path

from formats.opened import MANY_BYTES, Opened, UnsupportedFormat

__all__ = ["MANY_BYTES", "Opened", "UnsupportedFormat", "open_file", "recognised"]

SIGNATURES = {
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "NPY": (b"\x93NUMPY",),
    "CZI": (b"ZISRAWFILE",),
    "ND2": (b"\xda\xce\xbe\x0a", b"\0\0\0\x0cjP  "),
    "LIF": (b"\x70\0\0\0",),
    "ZIP": (b"PK\x03\x04",),
    "PTU": (b"PQTTTR",),
}
NAMED = "TIFF, OME-TIFF, PNG, JPEG, CZI, ND2, LIF, PTU, SDT, zipped OME-Zarr or NPY"


def recognised(path: Path) -> str:
    """Return the format that the first bytes of a file declare.

    Raises
    ------
    UnsupportedFormat
        If they declare none that is read here.
    """
    with path.open("rb") as file:
        first = file.read(64)
    for name, signatures in SIGNATURES.items():
        if first.startswith(signatures):
            return name
    if first[32:34] == b"UU" and first[42:57] == b"*IDENTIFICATION":
        return "SDT"
    raise UnsupportedFormat(f"Its first bytes are not those of {NAMED}.")


def open_file(path: Path, series: int = 0) -> Opened:
    """Open one series of an image file with the reader of its format."""
    match recognised(path):
        case "TIFF":
            from formats.tiff import open_tiff as reader
        case "PNG" | "JPEG":
            from formats.raster import open_raster as reader
        case "NPY":
            from formats.npy import open_npy as reader
        case "CZI":
            from formats.czi import open_czi as reader
        case "ND2":
            from formats.nikon import open_nd2 as reader
        case "LIF":
            from formats.leica import open_lif as reader
        case "ZIP":
            from formats.zarr_zip import open_zarr_zip as reader
        case _:
            from formats.photons import open_photons as reader
    return reader(path, series)
