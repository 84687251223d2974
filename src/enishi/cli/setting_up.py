"""Making an installation: folders, database, definitions, the first administrator. Safe to repeat."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enishi.cli.installation import pending_migrations
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.kit.text import split_name

if TYPE_CHECKING:
    from enishi.accounts.models import Member

ADMIN_MAIL = "admin@enishi.example"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else


@dataclass(frozen=True, slots=True)
class SignIn:
    """How the first administrator signs in; the password only in the moment it is made."""

    email: str
    password: str | None


def set_up(
    home: Home, email: str | None = None, language: str = "", name: Mapping[str, str] | None = None
) -> SignIn | None:
    """Bring the data folder to what this version needs. Returns the administrator's sign-in, if any.

    Args:
        name: of the first administrator, where there is none yet: fields of a member. Who has none is asked for it
            after signing in.
        language: of the first administrator and, where the installation is new, of the company.
    """
    from django.core.management import call_command

    from enishi.accounts.audit import SYSTEM
    from enishi.accounts.company import get_company
    from enishi.accounts.models import Member
    from enishi.definitions.api import install_defaults

    home.prepare()
    if pending_migrations() != []:
        call_command("migrate", interactive=False, verbosity=0)
    company = get_company()
    if language and not Member.objects.exists():  # the language of who sets it up, until they choose
        company.language = language
        company.save(update_fields=["language"])
    install_defaults(SYSTEM, system_clock())
    return _make_administrator(email, language or company.language, name or {})


def first_administrator() -> Member | None:
    """The administrator who has been there longest."""
    from enishi.accounts.models import Member, Role

    return Member.objects.filter(role=Role.ADMIN, is_active=True).order_by("id").first()


def _make_administrator(email: str | None, language: str, name: Mapping[str, str]) -> SignIn | None:
    from enishi.accounts.audit import SYSTEM, write_audit
    from enishi.accounts.models import Member, Role, Scope

    admin = first_administrator()
    if admin is not None:
        return SignIn(admin.email, None)
    password = make_password()
    admin = Member.objects.create_user(
        email or ADMIN_MAIL, password, role=Role.ADMIN, scope=Scope.ALL, language=language, **name
    )
    write_audit(SYSTEM, "member_added", admin)
    return SignIn(admin.email, password)


def name_fields(name: str) -> dict[str, str]:
    """A name as people write it, as fields of a member."""
    family, given = split_name(name)
    return {"family_name": family, "given_name": given}


def make_password() -> str:
    """Sixteen characters from 31: about 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
