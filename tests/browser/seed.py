"""Fill the data folder named by ENISHI_HOME with the cast, members able to sign in by password."""

from __future__ import annotations

import os

PASSWORD = "nagai-tabiji-2026"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")
    import django

    django.setup()
    from django.contrib.auth.hashers import make_password
    from django.core.management import call_command

    from enishi.accounts.models import Member
    from enishi.definitions.api import install_defaults
    from enishi.kit.clock import system_clock
    from tests.world import make_world

    call_command("migrate", verbosity=0)
    make_world()
    install_defaults("system", system_clock())
    Member.objects.update(password=make_password(PASSWORD))


if __name__ == "__main__":
    main()
