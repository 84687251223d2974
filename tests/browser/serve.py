"""The server under test, living on the cast's day: ``python -m tests.browser.serve PORT``."""

from __future__ import annotations

import sys

import uvicorn

from tests.browser.day import enter_the_day


def main() -> None:
    enter_the_day()
    uvicorn.run("enishi.web.asgi:application", port=int(sys.argv[1]))


if __name__ == "__main__":
    main()
