"""Whatever a reader may throw, as one of a closed list of refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from formats.opened import Malformed, TooLarge, UnsupportedFormat
from request import Refusal

CURES = {
    "unsupported_format": "Upload a TIFF, OME-TIFF, PNG, JPEG, CZI, ND2, LIF, PTU, SDT or zipped OME-Zarr.",
    "malformed": "Open it in the program that made it and save it again as TIFF or OME-TIFF.",
    "too_large": "Save a crop, a single channel or a single plane as TIFF and upload that.",
}


def refusal(code: str, what: str) -> Refusal:
    """Return the refusal of a file for a reason of the closed list."""
    begin = {
        "unsupported_format": "This file is not of a kind that we read.",
        "malformed": "This file is damaged or cut off.",
        "too_large": "This image is too large.",
    }[code]
    return Refusal(code, f"{begin} {what}".strip(), CURES[code])


@contextmanager
def refusing() -> Iterator[None]:
    """Turn every error of a reader into a refusal: readers meet files that nobody foresaw."""
    try:
        yield
    except Refusal:
        raise
    except UnsupportedFormat as error:
        raise refusal("unsupported_format", str(error)) from error
    except Malformed as error:
        raise refusal("malformed", str(error)) from error
    except TooLarge as error:
        raise refusal("too_large", str(error)) from error
    except (MemoryError, OverflowError) as error:
        raise refusal("too_large", "") from error
    except Exception as error:
        bomb = "DecompressionBomb" in type(error).__name__
        raise refusal("too_large" if bomb else "malformed", "") from error
