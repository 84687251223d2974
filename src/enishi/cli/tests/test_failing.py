"""A consumer that fails again and again is told by ``enishi doctor``, and no longer once it goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import enishi.ingest.carrying as carrying
from enishi.cli.checks import check_processes
from enishi.kit.clock import system_clock
from enishi.kit.home import Home


@pytest.mark.django_db(transaction=True)  # the loop closes its connection after a failure
def test_a_consumer_that_fails_again_and_again_is_told_until_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, stop, told = Home(tmp_path), threading.Event(), list[str]()
    errors: list[Exception] = [OSError("the last"), OSError("the second"), OSError("the first")]
    levels: list[str] = []

    def level() -> str:
        return next(f.level for f in check_processes(home, system_clock()) if f.check == "consumer")

    class Going:
        def __enter__(self) -> Going:
            return self

        def __exit__(self, *_: object) -> None: ...

        def run(self, stop: threading.Event, went: Callable[[], None]) -> None:
            told.extend(f.message.en for f in check_processes(home, system_clock()) if f.level == "error")
            went()
            stop.set()

    def opened(*_: object) -> Any:
        if len(levels) > 3:
            stop.set()  # what fails in here, too, would be tried again for ever
        levels.append(level())
        if errors:
            raise errors.pop()
        return Going()

    monkeypatch.setattr(carrying, "_RETRY_SECONDS", (0.0,))
    monkeypatch.setattr(carrying, "open_consumer", opened)
    carrying.consumer_loop(home, stop)
    assert levels == ["warning", "warning", "warning", "error"], "once or twice may be a restart"
    assert [said.split(" since ")[0] for said in told] == ["The consumer has failed 3 times in a row"]
    assert told[0].endswith("OSError: the last")
    assert level() == "warning", "nothing but: it does not run"
