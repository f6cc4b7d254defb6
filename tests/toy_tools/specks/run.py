"""Count bright specks; or, if asked to, misbehave in one of the ways a sandbox must bear."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import grey_png

IN, OUT = Path(os.environ["TQ_IN"]), Path(os.environ["TQ_OUT"])


def specks(rows: list[bytes], threshold: int) -> list[int]:
    """Return the number of pixels of each 4-connected speck."""
    left = {(y, x) for y, row in enumerate(rows) for x, value in enumerate(row) if value > threshold}
    areas = []
    while left:
        reach, area = [left.pop()], 0
        while reach:
            y, x = reach.pop()
            area += 1
            near = {(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)} & left
            left -= near
            reach += near
        areas.append(area)
    return areas


def dawdle(seconds: float) -> None:
    until = time.monotonic() + seconds
    while (rest := until - time.monotonic()) > 0:
        done = OUT / "progress.json.part"
        done.write_text(json.dumps({"fraction": max(0.0, 1 - rest / seconds), "text": "Dawdling"}))
        done.replace(OUT / "progress.json")
        time.sleep(min(0.2, rest))


def misbehave(how: str) -> None:
    if how == "refuse":
        said = {"code": "flat_image", "sentence": "Every pixel has the same value.", "cure": "Choose another image."}
        (OUT / "refusal.json").write_text(json.dumps(said))
        sys.exit(3)
    if how == "crash":
        raise RuntimeError("secret /etc/path")
    if how == "memory":
        keep = [bytearray(50 * 2**20) for _ in range(200)]
        time.sleep(len(keep))
    if how == "children":
        eat = "import time; keep = bytearray(150 * 2**20); time.sleep(20)"
        children = [subprocess.Popen([sys.executable, "-c", eat]) for _ in range(4)]
        children[0].wait()
    if how == "fill":
        with (OUT / "big").open("wb") as file:
            while True:
                file.write(b"x" * 2**20)
    if how == "links":
        (OUT / "table.csv").symlink_to("/etc/hostname")
        (OUT / "overlay.png").symlink_to("/in/sample")
    if how == "forks":
        while True:
            try:
                os.fork() or time.sleep(10)
            except OSError:
                time.sleep(10)


def main() -> None:
    request = json.loads((IN / "request.json").read_text())
    given = request["parameters"]
    rows = grey_png.read(Path(request["sample"]["file"]))
    dawdle(given["seconds"])
    misbehave(given["behaviour"])
    areas = specks(rows, given["threshold"])
    if given["behaviour"] != "links":
        shown = [bytes(255 if value > given["threshold"] else value // 2 for value in row) for row in rows]
        (OUT / "overlay.png").write_bytes(grey_png.encode(shown))
        table = ["speck,area_px", *(f"{n},{area}" for n, area in enumerate(areas, 1))]
        (OUT / "table.csv").write_text("\n".join(table) + "\n")
    files = [{"name": "overlay.png", "kind": "overlay", "text": ""}, {"name": "table.csv", "kind": "table", "text": ""}]
    if given["behaviour"] == "liar":
        files.append({"name": "../../log", "kind": "table", "text": ""})
    result = {"objects": len(areas), "summary": f"{len(areas)} specks found.", "warnings": [], "files": files}
    (OUT / "result.json").write_text(
        json.dumps(result | {"measures": {"mean_area_px": sum(areas) / max(1, len(areas))}})
    )


main()
