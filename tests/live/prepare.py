"""Make an installation in ENISHI_HOME with one write key: ``python -m tests.live.prepare KEY``."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")


def main(key: str) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)

    from enishi.accounts.company import get_company
    from enishi.ingest.models import WriteKey

    get_company()
    row = WriteKey(name="live")
    row.assign_known(key)
    row.save()


if __name__ == "__main__":
    main(sys.argv[1])
