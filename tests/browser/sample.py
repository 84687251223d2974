"""Fill the data folder named by ENISHI_HOME with a small sample company, as `make run` does: ``python -m tests.browser.sample``."""

from __future__ import annotations

import os
import subprocess
import sys

ACCOUNTS, MONTHS = 40, 14


def main() -> None:
    command = [sys.executable, "-m", "enishi.cli.main", "demo"]
    subprocess.run([*command, "--accounts", str(ACCOUNTS), "--months", str(MONTHS)], check=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")
    import django

    django.setup()
    from tests.browser.seed import sign_everyone_in

    sign_everyone_in()


if __name__ == "__main__":
    main()
