"""Making an installation: folders, database, definitions, the first administrator. Safe to repeat."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enishi.cli.installation import pending_migrations
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text, split_name

if TYPE_CHECKING:
    from enishi.accounts.models import Company, Member

ADMIN_MAIL = "admin@enishi.example"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else


@dataclass(frozen=True, slots=True)
class SignIn:
    """How the first administrator signs in; the password only in the moment it is made."""

    email: str
    password: str | None


def set_up(
    home: Home,
    email: str | None = None,
    language: str = "",
    name: Mapping[str, str] | None = None,
    chosen: Mapping[str, str] | None = None,
) -> SignIn | None:
    """Bring the data folder to what this version needs. Returns the administrator's sign-in, if any.

    Args:
        name: of the first administrator, where there is none yet: fields of a member. Who has none is asked for it
            after signing in.
        language: of the first administrator and, where the installation is new, of the company.
        chosen: the company's ``time_zone`` and ``currency``, as far as they are stated.

    Raises:
        EnishiError: ``bad_time_zone`` or ``bad_currency``, before anything is made.
    """
    from django.core.management import call_command

    from enishi.accounts.audit import SYSTEM
    from enishi.accounts.company import get_company
    from enishi.accounts.models import Member
    from enishi.definitions.api import install_defaults

    stated = {field: value for field, value in (chosen or {}).items() if value}
    _check_chosen(stated)
    home.prepare()
    if pending_migrations() != []:
        call_command("migrate", interactive=False, verbosity=0)
    company = get_company()
    if language and not Member.objects.exists():  # the language of who sets it up, until they choose
        company.language = language
        company.save(update_fields=["language"])
    _settle(company, stated)
    install_defaults(SYSTEM, system_clock())
    _carry_anew(home, company.time_zone)
    return _make_administrator(email, language or company.language, name or {})


def _carry_anew(home: Home, zone: str) -> None:
    """Publish the facts as this version reads them, where an older one had: a running service does it by itself."""
    from enishi.ingest.carrying import consume_once
    from enishi.store.manifest import read_manifest
    from enishi.store.rebuild import is_outdated

    if is_outdated(read_manifest(home.published), zone):
        consume_once(home)


def _check_chosen(stated: Mapping[str, str]) -> None:
    from enishi.accounts.company import CURRENCIES, time_zones

    zone, currency = stated.get("time_zone"), stated.get("currency")
    if zone and zone not in time_zones():
        raise EnishiError(
            "bad_time_zone",
            Text(f"There is no time zone {zone}.", f"タイムゾーン {zone} は存在しません。"),
            Text("Write it like Asia/Tokyo or Europe/London.", "Asia/Tokyo や Europe/London のように指定してください。"),
        )  # fmt: skip
    if currency and currency not in CURRENCIES:
        some = ", ".join(CURRENCIES)
        raise EnishiError(
            "bad_currency",
            Text(f"Amounts cannot be summed in {currency}.", f"通貨 {currency} では集計できません。"),
            Text(f"Choose one of {some}.", f"次のいずれかを指定してください: {some}"),
        )


def _settle(company: Company, stated: Mapping[str, str]) -> None:
    """Write what the command line states of the company, with its audit line. Who states both has set it up."""
    from enishi.accounts.audit import COMMAND_LINE, write_audit

    if {"time_zone", "currency"} <= set(stated) and company.set_up_at is None:
        company.set_up_at = system_clock()
        company.save(update_fields=["set_up_at"])
    changed = {field: value for field, value in stated.items() if getattr(company, field) != value}
    if not changed:
        return
    detail = {field: [getattr(company, field), value] for field, value in changed.items()}
    for field, value in changed.items():
        setattr(company, field, value)
    company.save(update_fields=list(changed))
    write_audit(COMMAND_LINE, "company_changed", company, detail=detail)


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
