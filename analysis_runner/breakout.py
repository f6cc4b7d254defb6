"""Try to break out of the sandbox, as a tool of bad intent would; prints what succeeded as JSON.

Runs inside, so it imports nothing of this project.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from typing import Any


def opens_a_network_socket() -> None:
    socket.socket(socket.AF_INET).connect(("192.0.2.1", 9))


def reads_the_list_of_users() -> None:
    open("/etc/passwd").close()


def reads_the_data_folder() -> None:
    os.listdir(sys.argv[1])


def writes_to_the_system() -> None:
    open("/usr/broken_out", "w").close()


def writes_to_its_input() -> None:
    open("/in/broken_out", "w").close()


def sees_other_processes() -> None:
    os.kill(int(sys.argv[2]), 0)
    if not any(p.isdigit() and int(p) == int(sys.argv[2]) for p in os.listdir("/proc")):
        raise OSError


def is_root() -> None:
    if os.getuid() != 0:
        raise OSError


def sees_secrets_in_its_environment() -> None:
    if not any(name.startswith("TQ_") and name not in ("TQ_IN", "TQ_OUT") for name in os.environ):
        raise OSError


ATTEMPTS: list[Callable[[], Any]] = [
    opens_a_network_socket,
    reads_the_list_of_users,
    reads_the_data_folder,
    writes_to_the_system,
    writes_to_its_input,
    sees_other_processes,
    is_root,
    sees_secrets_in_its_environment,
]


def main() -> None:
    broken = []
    for attempt in ATTEMPTS:
        try:
            attempt()
        except OSError:
            continue
        broken.append(attempt.__name__)
    with open("/out/result.json", "w") as file:
        json.dump(broken, file)


if __name__ == "__main__":
    main()
