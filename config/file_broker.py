"""The embedded broker: kombu's filesystem transport, with messages that are there whole or not at all.

Kombu writes a message in place and reads whatever stands in the folder; a worker that meets a half-written message
stops for good. Here a message is written under another name and renamed, and taken by a rename that one reader wins.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        name = f"{round(time.monotonic() * 1000):012}_{uuid.uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out, name), payload)

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002 - kombu's signature
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f".{name}.taken"
            try:
                (folder / name).rename(taken)
                payload = taken.read_text()
                taken.unlink()
                return loads(payload)
            except (OSError, ValueError):  # another reader was faster, or it is no message
                continue
        raise Empty

    def get_table(self, exchange: str) -> list[Any]:
        try:
            return [filesystem.exchange_queue_t(*queue) for queue in loads(self._bindings(exchange).read_text())]
        except (OSError, ValueError):
            return []

    def _bindings(self, exchange: str) -> Path:
        return Path(self._exchange_file(exchange))  # type: ignore[attr-defined]

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str) -> None:
        file = self._bindings(exchange)
        file.parent.mkdir(exist_ok=True)
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with _alone(file.with_suffix(".lock")):
            table = self.get_table(exchange)
            if bound not in table:
                _write(file, [bound, *table])


class Transport(filesystem.Transport):
    Channel = Channel


def _write(path: Path, content: Any) -> None:
    half = path.with_name(f".{uuid.uuid4()}.part")
    half.write_text(dumps(content))
    half.rename(path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
