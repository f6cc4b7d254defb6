"""How long one step of the interview takes, in process and over HTTP, beside an empty Django view.

Usage: python -m benchmarks.interview [--repeats N]. Prints a Markdown table; needs a loaded catalog.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"

ANSWERS = (
    ("goal.main", "count"),
    ("obj.kind", "nucleus"),
    ("img.modality", "confocal"),
    ("img.dims", "d3_aniso"),
    ("img.time", "no"),
    ("goal.assay", "none"),
    ("obj.crowding", "some_touch"),
    ("sample.kind", "organoid"),
    ("me.coding", "none"),
    ("me.os", "win"),
)
"""One interview; its prefixes are the steps that are timed."""


def queries() -> list[str]:
    return ["&".join(f"{q}={o}" for q, o in ANSWERS[:n]) for n in range(len(ANSWERS) + 1)]


def timed(call: Callable[[str], object], repeats: int) -> NDArray[np.float64]:
    """Return the milliseconds of each call, shape (repeats * steps,), after one warm round."""
    for query in queries():
        call(query)
    took = []
    for _ in range(repeats):
        for query in queries():
            begun = time.perf_counter()
            call(query)
            took.append((time.perf_counter() - begun) * 1e3)
    return np.array(took)


def row(what: str, took: NDArray[np.float64]) -> str:
    p50, p95, p99 = np.percentile(took, [50, 95, 99])
    return f"| {what} | {p50:.2f} | {p95:.2f} | {p99:.2f} | {len(took)} |"


def in_process(repeats: int) -> Iterator[str]:
    """Yield the rows of a step with the first 150 entries, and with all."""
    from dataclasses import replace

    from django.http import QueryDict

    from recommender import interview, tables

    whole = tables.current()
    few = whole.entries[:150]
    kept = {e.slug for e in few}
    claims = {k: c for k, c in whole.claims.items() if k[0] in kept}
    small = replace(whole, entries=few, claims=claims, engine=tables.engine_of(whole.questions, few, claims))
    for chosen in (small, whole):

        def step(query: str, using: tables.Tables = chosen) -> object:
            return interview.step(QueryDict(query), using)

        yield row(f"one step in process, {len(chosen.entries)} entries", timed(step, repeats))


@contextmanager
def one_web_process() -> Iterator[int]:
    """Serve on a free port with one gunicorn process of one thread."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-w", "1", "-b", f"127.0.0.1:{port}", "config.wsgi", "--log-level", "error"]
    )
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def over_http(repeats: int) -> Iterator[str]:
    """Yield the rows of the empty view and of /find/, whole page and htmx fragment, one request at a time."""
    with one_web_process() as port:

        def get(path: str, headers: dict[str, str]) -> Callable[[str], object]:
            def call(query: str) -> bytes:
                connection = http.client.HTTPConnection("127.0.0.1", port)
                connection.request("GET", f"{path}?{query}", headers=headers)
                response = connection.getresponse()
                body = response.read()
                connection.close()
                if response.status != 200:
                    raise RuntimeError(f"{path} answered {response.status}.")
                return body

            return call

        yield row("empty Django view (the floor)", timed(get("/empty/", {}), repeats))
        yield row("/find/, whole page", timed(get("/find/", {}), repeats))
        yield row("/find/, htmx fragment", timed(get("/find/", {"HX-Request": "true"}), repeats))
        yield row("/api/v1/recommendations/", timed(get("/api/v1/recommendations/", {}), repeats))


def main() -> None:
    import django

    django.setup()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    repeats = parser.parse_args().repeats
    print("| what | p50 ms | p95 ms | p99 ms | calls |\n|---|---|---|---|---|")
    for rows in (in_process(repeats), over_http(repeats)):
        for line in rows:
            print(line, flush=True)


if __name__ == "__main__":
    main()
