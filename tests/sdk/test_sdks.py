"""The real SDKs send, unchanged, to a running server."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.live.installation import KEY, Installation

# One process asks them all: the server and the SDKs are prepared once.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("sdk")]

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(tmp_path_factory.mktemp("sdk") / "home")
    installation.prepare()
    installation.start_server()
    installation.start_consumer()
    yield installation
    installation.stop()


@pytest.fixture(scope="module")
def node() -> str:
    """Node with the SDKs installed."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if not found or not npm:
        told = "the Node SDKs, for there is no Node (scripts/system-packages installs it)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"not tried: {told}")
    install_sdks(npm)
    return found


def install_sdks(npm: str) -> None:
    """The packages of package.json, whole: a run beside this one waits, one cut off before is done again."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    mark = HERE / "node_modules" / ".whole"
    with (HERE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists() and mark.read_text() == wanted:
            return
        # Not `npm ci`, which also wants the packages of other platforms, that some registries do not hold.
        command = [npm, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
        assert done.returncode == 0, f"npm install failed: {done.stderr[-2000:]}"
        mark.write_text(wanted)


def stored(live: Installation, prefix: str) -> dict[str, Any]:
    """What the facts hold of one SDK's user and group."""
    live.wait_carried()
    number = live.query("users", f"SELECT user_no FROM {{rows}} WHERE user_id = '{prefix}-user'")[0][0]
    events = live.query(
        "events", f"SELECT type, event, count(*) FROM {{rows}} WHERE user_no = {number} GROUP BY ALL"
    )
    group = live.query("groups", f"SELECT group_no FROM {{rows}} WHERE group_id = '{prefix}-group'")[0][0]
    members = live.query("memberships", f"SELECT user_no FROM {{rows}} WHERE group_no = {group}")
    names = live.query("record_account", f"SELECT name FROM {{rows}} WHERE outside_id = '{prefix}-group'")
    ages = live.query("events", f"SELECT max(occurred_at) FROM {{rows}} WHERE user_no = {number}")
    return {
        "events": {(kind, name): count for kind, name, count in events},
        "members": {row[0] for row in members} == {number},
        "names": [row[0] for row in names],
        "fresh": abs(datetime.now(UTC).replace(tzinfo=None) - ages[0][0]) < timedelta(minutes=2),  # type: ignore[operator]
    }


def expected(name: str) -> dict[str, Any]:
    return {
        "events": {
            ("identify", "identify"): 1,
            ("group", "group"): 1,
            ("track", "Report Opened"): 60,
            ("page", "Viewed Home"): 1,
            ("screen", "Viewed Main"): 1,
            ("alias", "alias"): 1,
        },
        "members": True,
        "names": [name],
        "fresh": True,
    }


def send_all(client: Any, prefix: str) -> None:
    user, group = f"{prefix}-user", f"{prefix}-group"
    context = {"groupId": group}
    client.identify(user, {"email": f"{prefix}@example.com"})
    client.group(user, group, {"name": f"{prefix}商事"})
    for n in range(60):
        client.track(user, "Report Opened", {"n": n, "title": "四半期"}, context=context)
    client.page(user, "", "Home", context=context)
    client.screen(user, "", "Main", context=context)
    client.alias(f"{prefix}-old", user)
    client.flush()
    client.shutdown()


@pytest.mark.parametrize("gzip", [False, True])
def test_segments_python_sdk(live: Installation, gzip: bool) -> None:
    from segment.analytics.client import Client

    prefix = f"seg-py-{gzip}".lower()
    failures: list[object] = []
    client = Client(KEY, host=live.url, gzip=gzip, on_error=lambda error, items: failures.append(error))
    send_all(client, prefix)
    assert not failures
    assert stored(live, prefix) == expected(f"{prefix}商事")


@pytest.mark.parametrize("gzip", [False, True])
def test_rudderstacks_python_sdk(live: Installation, gzip: bool) -> None:
    from rudderstack.analytics.client import Client

    prefix = f"rud-py-{gzip}".lower()
    failures: list[object] = []
    client = Client(KEY, host=live.url, gzip=gzip, on_error=lambda error, items: failures.append(error))
    send_all(client, prefix)
    assert not failures
    assert stored(live, prefix) == expected(f"{prefix}商事")


@pytest.mark.parametrize("sdk", ["segment", "rudder"])
def test_the_node_sdks(live: Installation, node: str, sdk: str) -> None:
    command = [node, str(HERE / "send.mjs"), sdk, live.url, KEY, f"{sdk}-node"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert stored(live, f"{sdk}-node") == expected("ノード商事")


def test_an_sdk_survives_a_restart_of_the_server(live: Installation) -> None:
    """Segment's SDK resends on connection errors and 5xx with the same ids: nothing lost, nothing twice."""
    from segment.analytics.client import Client

    client = Client(KEY, host=live.url, upload_size=20)
    for n in range(200):
        client.track("again-user", "Report Opened", {"n": n}, context={"groupId": "again-group"})
        if n == 100:
            live.kill("server")
            time.sleep(0.3)
            live.start_server()
    client.flush()
    client.shutdown()
    live.wait_carried()
    number = live.query("users", "SELECT user_no FROM {rows} WHERE user_id = 'again-user'")[0][0]
    assert live.query("events", f"SELECT count(*) FROM {{rows}} WHERE user_no = {number}") == [(200,)]
