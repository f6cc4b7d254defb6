"""How often one address may ask: counted truly, also by many at once and across processes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from catalog.limiting import network
from tests.conftest import lacking

INDEX = "/api/v1/"
ASK = """
import django; django.setup()
from django.test import Client
print(*(Client().get("/api/v1/").status_code for _ in range(15)))
"""


@pytest.fixture(autouse=True)
def fresh_counts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def limit(settings: Any, read: str = "5/day", write: str = "2/day", proxies: int = 0) -> None:
    rates = {"read": read, "write": write}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates, "NUM_PROXIES": proxies}


def statuses(count: int, path: str = INDEX, method: str = "get", **more: Any) -> list[int]:
    return [getattr(Client(), method)(path, **more).status_code for _ in range(count)]


def test_the_sixth_of_five_is_refused_and_told_when_to_come_back(settings: Any) -> None:
    limit(settings)
    assert statuses(5) == [200] * 5
    refused = Client().get(INDEX)
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "throttled"
    assert "Retry-After" in refused.json()["cure"]
    assert 0 < int(refused["Retry-After"]) <= 86_400


def test_reading_and_writing_are_counted_apart(settings: Any) -> None:
    limit(settings)
    assert statuses(3, "/api/v1/samples/", "post") == [400, 400, 429]
    assert statuses(5) == [200] * 5


def test_after_its_window_one_may_ask_again(settings: Any) -> None:
    limit(settings, read="2/second")
    time.sleep(1 - time.time() % 1)
    assert statuses(3) == [200, 200, 429]
    time.sleep(1.05)
    assert statuses(1) == [200]


def test_a_header_does_not_make_a_new_visitor(settings: Any) -> None:
    limit(settings)
    told = [Client().get(INDEX, headers={"X-Forwarded-For": f"10.0.0.{i}"}).status_code for i in range(7)]
    assert told == [200] * 5 + [429] * 2


def test_behind_a_proxy_only_what_the_proxy_wrote_counts(settings: Any) -> None:
    limit(settings, proxies=1)
    forged = [Client().get(INDEX, headers={"X-Forwarded-For": f"10.0.0.{i}, 192.0.2.1"}).status_code for i in range(7)]
    assert forged == [200] * 5 + [429] * 2
    assert Client().get(INDEX, headers={"X-Forwarded-For": "10.0.0.1, 192.0.2.2"}).status_code == 200


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("no address", "unknown"),
        ("", "unknown"),
    ],
)
def test_what_one_visitor_holds_is_counted_together(address: str, counted: str) -> None:
    assert network(address) == counted


def test_many_at_once_get_no_more_than_one_by_one(settings: Any) -> None:
    limit(settings, read="20/day")
    with ThreadPoolExecutor(16) as pool:
        told = Counter(pool.map(lambda _: Client().get(INDEX).status_code, range(60)))
    assert told == {200: 20, 429: 40}


def test_without_its_cache_the_api_answers_all_the_same(settings: Any) -> None:
    limit(settings, read="1/day")
    settings.CACHES = {"default": {**redis_cache(_free_port())}}
    assert statuses(3) == [200] * 3


def test_processes_that_share_a_cache_share_the_count(redis_server: str, tmp_path: Path) -> None:
    asked = {"TQ_CACHE_URL": redis_server, "TQ_API_READ_RATE": "20/day", "TQ_DATA_DIR": str(tmp_path)}
    environment = {**os.environ, **asked, "DJANGO_SETTINGS_MODULE": "config.settings"}
    root = Path(__file__).resolve().parents[1]
    running = [
        subprocess.Popen([sys.executable, "-c", ASK], cwd=root, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = Counter(status for process in running for status in process.communicate(timeout=60)[0].split())
    assert told == {"200": 20, "429": 10}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TQ_API_READ_RATE", "many", "such as 600/minute"),
        ("TQ_API_WRITE_RATE", "0/minute", "such as 600/minute"),
        ("TQ_CACHE_URL", "memcached://here", "must begin with redis:// or rediss://"),
    ],
)
def test_a_setting_that_cannot_be_meant_stops_the_start(name: str, value: str, says: str, tmp_path: Path) -> None:
    environment = {**os.environ, name: value, "TQ_DATA_DIR": str(tmp_path)}
    root = Path(__file__).resolve().parents[1]
    started = subprocess.run(
        [sys.executable, "-c", "import config.settings"], cwd=root, env=environment, capture_output=True, text=True
    )
    assert started.returncode != 0
    assert ImproperlyConfigured.__name__ in started.stderr
    assert says in started.stderr


def redis_cache(port: int) -> dict[str, Any]:
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"redis://127.0.0.1:{port}/0",
        "OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3},
    }


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        lacking("Redis", "Install it with `apt-get install redis-server`.")
    port = _free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen([str(program), *options], stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("redis-server did not start.")
