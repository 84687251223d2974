"""A company that requires the second factor: whom it concerns, from when, and every way around it closed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client, TestCase
from django.utils import timezone

from enishi.accounts.company import get_company
from enishi.accounts.models import AuditLine, Company, FactorRule, Member, Role, Scope
from enishi.cli.main import run
from enishi.ingest.models import ApiKey
from enishi.outreach.models import Message
from enishi.web import locks
from enishi.web.factors import due_at, remove_factor

pytestmark = pytest.mark.django_db

MAIL, PASSWORD = "tanaka@vendor.example", "nagai-tabiji-2026"
NEW_PASSWORD = "atarashii-michi-7"
SET_UP = "/me/factor/app/"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def require(rule: str, days: int = 0, since: datetime = LONG_AGO) -> None:
    company = get_company()
    company.factor_rule, company.factor_grace_days, company.factor_since = rule, days, since
    company.save()


def make_member(role: str = Role.CSM, mail: str = MAIL, joined: datetime = LONG_AGO) -> Member:
    return Member.objects.create_user(
        mail, PASSWORD, role=role, scope=Scope.ALL, language="en", joined_at=joined
    )


def sign_in(mail: str = MAIL, password: str = PASSWORD, **more: str) -> Client:
    client = Client()
    client.post("/sign-in/", {"login": mail, "password": password, **more})
    return client


def led_to_set_up(client: Client, path: str = "/") -> bool:
    answer = client.get(path)
    return answer.status_code == 302 and answer.headers["Location"] == SET_UP


def set_up(client: Client) -> str:
    """Set the second factor up as the page asks; gives its secret."""
    secret = client.get(SET_UP).context["form"].secret
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = client.post(SET_UP, {"code": code_of(secret)})
    assert answer.status_code == 302
    return str(secret)


def code_of(secret: str, ahead: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1 + ahead]))


# ---- whom, and from when -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "concerned"),
    [
        (FactorRule.OFF, set()),
        (FactorRule.LEADERS, {Role.ADMIN, Role.MANAGER}),
        (FactorRule.ALL, set(Role)),
    ],
)
def test_whom_the_rule_concerns(rule: str, concerned: set[str]) -> None:
    require(rule)
    for role in Role:
        member = make_member(role, f"{role}@vendor.example")
        assert led_to_set_up(sign_in(member.email)) == (role in concerned), role


def test_days_of_grace_count_from_the_rule_or_from_joining() -> None:
    company = Company(factor_rule=FactorRule.ALL, factor_grace_days=7, factor_since=LONG_AGO)
    old, new = (
        Member(joined_at=LONG_AGO - timedelta(days=900)),
        Member(joined_at=LONG_AGO + timedelta(days=90)),
    )
    assert due_at(old, company) == LONG_AGO + timedelta(days=7)
    assert due_at(new, company) == LONG_AGO + timedelta(days=97)
    company.factor_rule = FactorRule.OFF
    assert due_at(old, company) is None


def test_within_the_grace_everything_opens_and_a_notice_tells_until_when() -> None:
    make_member()
    require(FactorRule.ALL, days=3, since=timezone.now() - timedelta(days=1))
    client = sign_in()
    page = client.get("/me/").content.decode()
    assert "Your company requires a second factor" in page
    set_up(client)
    assert "Your company requires a second factor" not in client.get("/me/").content.decode()


def test_the_administrator_makes_the_rule_and_it_holds_for_sessions_that_are_open() -> None:
    make_member(Role.ADMIN)
    other = make_member(Role.VIEWER, "viewer@vendor.example")
    admin, open_session = sign_in(), sign_in(other.email)
    form = admin.get("/setup/company/").context["form"]
    values = {name: form[name].value() for name in form.fields} | {"extra_holidays": ""}
    assert admin.post("/setup/company/", values | {"factor_grace_days": "91"}).status_code == 422
    assert admin.post("/setup/company/", values | {"factor_rule": "everybody"}).status_code == 422
    assert admin.post("/setup/company/", values | {"factor_rule": "all"}).status_code == 302
    line = AuditLine.objects.get(verb="company_changed")
    assert line.detail == {"factor_rule": ["off", "all"]}
    assert led_to_set_up(open_session)
    assert led_to_set_up(admin, "/setup/company/"), "whoever makes the rule keeps it first"
    secret = set_up(admin)
    assert admin.get("/setup/company/").status_code == 200
    assert secret not in repr(list(AuditLine.objects.values()))
    assert AuditLine.objects.filter(verb="factor_added").count() == 1


# ---- the way in --------------------------------------------------------------------------------------------------


def test_after_signing_in_one_is_led_to_set_up_and_goes_on_when_done() -> None:
    make_member()
    require(FactorRule.ALL)
    client = sign_in()
    assert led_to_set_up(client)
    page = client.get(SET_UP).content.decode()
    assert "Your company requires a second factor" in page
    assert 'class="side"' not in page, "no list of pages that would not open"
    secret = set_up(client)
    assert client.get("/me/factor/codes/").status_code == 200
    assert client.get("/").status_code == 200
    again = sign_in()
    assert again.get("/").status_code == 302, "the code is asked for"
    again.post("/sign-in/factor/", {"code": code_of(secret, ahead=1)})
    assert again.get("/").status_code == 200


def test_signing_out_and_the_language_stay_possible() -> None:
    make_member()
    require(FactorRule.ALL)
    client = sign_in()
    assert client.post("/language/", {"language": "ja", "next": SET_UP}).headers["Location"] == SET_UP
    assert "会社の設定により" in client.get(SET_UP).content.decode()
    client.post("/sign-out/")
    assert "/sign-in/" in client.get("/").headers["Location"]


# ---- ways around -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/", "/me/", "/accounts/", "/people/", "/setup/company/", "/audit/", "/audit/file/", "/palette/?q=a", "//me/",
        "/me/password/", "/me/sessions/", "/me/factor/", "/me/factor/codes/", "/me/factor/codes/file/",
        "/api/v1/docs", "/sign-in/../me/", "/me/?next=/me/factor/app/",
    ],
)  # fmt: skip
def test_no_address_skips_it(path: str) -> None:
    make_member(Role.ADMIN)
    require(FactorRule.ALL)
    client = sign_in(next="/me/")
    answer = client.get(path)
    assert answer.status_code in (302, 404)
    if answer.status_code == 302:
        assert answer.headers["Location"] == SET_UP


def test_no_write_and_no_program_skips_it() -> None:
    member = make_member(Role.ADMIN)
    require(FactorRule.ALL)
    client = sign_in()
    assert client.post("/me/", {"family_name": "x", "language": "en"}).headers["Location"] == SET_UP
    assert client.post("/people/invite/", {"email": "x@vendor.example"}).headers["Location"] == SET_UP
    assert not Member.objects.filter(email="x@vendor.example").exists()
    member.refresh_from_db()
    assert member.family_name == ""
    swap = client.get("/accounts/", headers={"HX-Request": "true"})
    assert (swap.status_code, swap.headers["HX-Redirect"]) == (403, SET_UP)
    program = client.get("/accounts/", headers={"Accept": "application/json"})
    assert (program.status_code, program.json()["error"]) == (403, "factor_required")


def test_a_session_opens_nothing_of_the_api_and_a_key_is_not_concerned() -> None:
    member = make_member(Role.ADMIN)
    key = ApiKey(name="warehouse", scopes=["read:*"], member=member)
    clear = key.assign()
    key.save()
    require(FactorRule.ALL)
    client = sign_in()
    assert client.get("/api/v1/accounts").status_code == 401
    assert (
        client.get("/api/v1/accounts", headers={"Authorization": "Bearer enishi_made_up"}).status_code == 401
    )
    assert led_to_set_up(client, "/api/v1/docs")
    for caller in (client, Client()):
        answer = caller.get("/api/v1/accounts", headers={"Authorization": f"Bearer {clear}"})
        assert answer.status_code == 200


def reset_password() -> Client:
    """Whoever follows the link of the mail and states a new password."""
    anybody = Client()
    anybody.post("/password/reset/", {"email": MAIL})
    link = re.search(r"https?://[^/]+(/password/reset/\S+)", Message.objects.get().text)
    assert link is not None
    form = anybody.get(link[1]).headers["Location"]
    anybody.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    return anybody


def test_the_reset_link_does_not_skip_it() -> None:
    make_member()
    require(FactorRule.ALL)
    anybody = reset_password()
    assert "/sign-in/" in anybody.get("/").headers["Location"], "the link signs nobody in"
    assert led_to_set_up(sign_in(password=NEW_PASSWORD))


def test_the_reset_link_does_not_skip_the_code_of_whom_has_one() -> None:
    TOTP.activate(make_member(), generate_totp_secret())
    require(FactorRule.ALL)
    reset_password()
    client = sign_in(password=NEW_PASSWORD)
    assert "/sign-in/" in client.get("/").headers["Location"]
    assert "/sign-in/" in client.get(SET_UP).headers["Location"], "no second app beside the first"


def test_recovery_codes_alone_are_no_second_factor() -> None:
    RecoveryCodes.activate(make_member())
    require(FactorRule.ALL)
    assert led_to_set_up(sign_in())


def test_who_switches_it_off_is_led_to_set_it_up_again() -> None:
    make_member()
    require(FactorRule.ALL)
    client = sign_in()
    set_up(client)
    assert client.post("/me/factor/app/remove/").status_code == 302
    assert led_to_set_up(client)
    assert AuditLine.objects.filter(verb="factor_removed").count() == 1


# ---- a lost phone ------------------------------------------------------------------------------------------------


def test_an_administrator_takes_a_lost_factor_away_and_the_sessions_with_it() -> None:
    member = make_member()
    make_member(Role.ADMIN, "sato@vendor.example")
    client = sign_in()
    set_up(client)
    admin = sign_in("sato@vendor.example")
    assert admin.post(f"/people/{member.pk}/factor/").status_code == 302
    assert not Authenticator.objects.filter(user=member).exists()
    assert "/sign-in/" in client.get("/").headers["Location"]
    require(FactorRule.ALL)
    assert led_to_set_up(sign_in())


def test_the_last_administrator_comes_back_by_the_command_line(
    capsys: Any, monkeypatch: Any, tmp_path: Any
) -> None:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    monkeypatch.setattr("enishi.cli.member.open_installation", lambda: None)
    member = make_member(Role.ADMIN)
    TOTP.activate(member, generate_totp_secret())
    RecoveryCodes.activate(member)
    require(FactorRule.ALL)
    assert run(["member", "factor", MAIL]) == 0
    assert led_to_set_up(sign_in())
    assert AuditLine.objects.get(verb="factor_removed").actor == "command line"
    assert run(["member", "factor", MAIL]) == 0, "twice does no harm"
    assert run(["member", "factor", "nobody@vendor.example"]) != 0
    assert remove_factor("system", member) is False


# ---- the lock after wrong passwords ------------------------------------------------------------------------------


def lock_out(host: str = "testserver") -> None:
    for _guess in range(5):
        Client().post("/sign-in/", {"login": MAIL, "password": "wrong"}, headers={"host": host})


def test_the_lock_says_how_long_and_counts_over_every_host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    make_member()
    for guess in range(5):
        Client().post(
            "/sign-in/", {"login": MAIL.upper(), "password": "wrong"}, headers={"host": f"h{guess}.example"}
        )
    answer = Client().post("/sign-in/", {"login": MAIL, "password": PASSWORD})
    assert "あと約15分" in answer.content.decode()
    assert sign_in().get("/me/").status_code == 302
    assert AuditLine.objects.filter(verb="sign_in_locked").count() == 1


def test_a_lock_tells_nothing_of_who_exists() -> None:
    for _guess in range(5):
        Client().post("/sign-in/", {"login": "nobody@vendor.example", "password": "wrong"})
    answer = Client().post("/sign-in/", {"login": "nobody@vendor.example", "password": "wrong"})
    assert "あと約15分" in answer.content.decode()
    assert not AuditLine.objects.filter(verb="sign_in_locked").exists()


def test_an_administrator_sees_the_lock_and_lifts_it() -> None:
    member = make_member()
    make_member(Role.ADMIN, "sato@vendor.example")
    admin = sign_in("sato@vendor.example")
    lock_out()
    assert "Locked" in admin.get("/people/").content.decode()
    assert "Locked by wrong passwords until" in admin.get(f"/people/{member.pk}/").content.decode()
    admin.post(f"/people/{member.pk}/unlock/")
    assert AuditLine.objects.get(verb="sign_in_unlocked").target_label == MAIL
    assert sign_in().get("/me/").status_code == 200


def test_a_new_password_lifts_the_lock() -> None:
    make_member()
    lock_out()
    assert locks.locked_until(MAIL) is not None
    reset_password()
    assert sign_in(password=NEW_PASSWORD).get("/me/").status_code == 200


def test_ending_other_sessions_is_written_down() -> None:
    make_member()
    first, second = sign_in(), sign_in()
    first.get("/me/")
    second.get("/me/")
    first.post("/me/sessions/")
    assert second.get("/me/").status_code == 302
    assert AuditLine.objects.get(verb="sessions_ended").detail == {"ended": 1}


def test_what_is_protected_asks_again_some_minutes_after_signing_in(monkeypatch: pytest.MonkeyPatch) -> None:
    make_member()
    client = sign_in()
    assert client.get(SET_UP).status_code == 200
    later = timezone.now().timestamp() + 301
    monkeypatch.setattr("enishi.web.adapters.time.time", lambda: later)
    assert client.get(SET_UP).headers["Location"].startswith("/me/confirm/")
