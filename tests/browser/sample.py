"""Fill the data folder named by ENISHI_HOME with a sample company, as `make run` does: ``python -m tests.browser.sample``.

A small one, except where pictures for the documents are wanted: those show the one every reader gets.
"""

from __future__ import annotations

import os
import subprocess
import sys

PICTURES = os.environ.get("ENISHI_PICTURES", "")
"""The folder pictures go to."""

WANTED = ["--past"] if PICTURES else ["--accounts", "40", "--months", "14"]


def main() -> None:
    command = [sys.executable, "-m", "enishi.cli.main", "demo"]
    subprocess.run([*command, *WANTED], check=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")
    import django

    django.setup()
    from tests.browser.seed import sign_everyone_in

    sign_everyone_in()


if __name__ == "__main__":
    main()
