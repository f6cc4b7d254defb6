"""Look at a sample: the toy reader knows 8-bit grey PNG only."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import grey_png

IN, OUT = Path(os.environ["TQ_IN"]), Path(os.environ["TQ_OUT"])


def main() -> None:
    sample = Path(json.loads((IN / "request.json").read_text())["sample"]["file"])
    try:
        rows = grey_png.read(sample)
    except Exception as error:
        refusal = {"code": "malformed", "sentence": f"It cannot be read: {error}.", "cure": "Save it again as PNG."}
        (OUT / "refusal.json").write_text(json.dumps(refusal))
        sys.exit(3)
    (OUT / "preview.png").write_bytes(grey_png.encode(rows))
    found = {"format": "PNG", "axes": "YX", "shape": [len(rows), len(rows[0])], "dtype": "uint8", "series": 1}
    found |= {"pixel_size_um": None, "time_step_s": None, "channels": [], "preview": "preview.png"}
    found |= {"facts": [{"key": "img.dims", "value": "d2", "how": "one plane"}]}
    (OUT / "inspection.json").write_text(json.dumps(found))


main()
