"""The embedded broker: every message arrives whole and once, however closely readers watch the writer."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from queue import Empty
from typing import Any

from kombu import Connection

import config  # noqa: F401 - makes the embedded broker known to kombu

MESSAGES = 1500


def link(folder: Path) -> Connection:
    for name in ("messages", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    messages = str(folder / "messages")
    options = {"data_folder_in": messages, "data_folder_out": messages, "control_folder": str(folder / "control")}
    return Connection("filesystem://", transport_options=options)


def test_the_embedded_broker_is_ours(tmp_path: Path) -> None:
    assert link(tmp_path).transport_cls == "filesystem"
    assert type(link(tmp_path).transport).__module__ == "config.file_broker"


def test_every_message_arrives_once_and_no_reader_stumbles(tmp_path: Path) -> None:
    got: Counter[int] = Counter()
    errors: list[BaseException] = []
    written = threading.Event()

    def read() -> None:
        channel: Any = link(tmp_path).channel()
        try:
            while True:
                over = written.is_set()
                try:
                    got[channel._get("quick")["number"]] += 1
                except Empty:
                    if over:
                        return
        except BaseException as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    writer: Any = link(tmp_path).channel()
    for number in range(MESSAGES):
        writer._put("quick", {"number": number, "filling": "x" * 2000})
    written.set()
    for reader in readers:
        reader.join()
    assert errors == []
    assert got == Counter(range(MESSAGES))
    assert list((tmp_path / "messages").iterdir()) == []


def test_what_is_no_message_is_passed_over(tmp_path: Path) -> None:
    channel: Any = link(tmp_path).channel()
    (tmp_path / "messages" / "0_cut.quick.msg").write_text("")
    channel._put("quick", {"number": 1})
    assert channel._get("quick") == {"number": 1}


def test_queues_bound_at_once_are_all_remembered(tmp_path: Path) -> None:
    def bind(number: int) -> None:
        channel: Any = link(tmp_path).channel()
        channel._queue_bind("all", "key", "", f"queue{number}")

    threads = [threading.Thread(target=bind, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    channel: Any = link(tmp_path).channel()
    assert {row.queue for row in channel.get_table("all")} == {f"queue{number}" for number in range(20)}
