"""``enishi member``: add people and give new passwords without the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from enishi.cli.init import tell_sign_in
from enishi.cli.installation import open_installation
from enishi.cli.setting_up import SignIn, first_administrator, make_password, name_fields
from enishi.cli.show import show_json, show_table
from enishi.cli.words import Command, _Spoken, json_option, option, say, this_program
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

if TYPE_CHECKING:
    from enishi.accounts.models import Member


class _Group(_Spoken, click.Group):
    pass


@click.group(
    "member",
    cls=_Group,
    text=Text(
        "Members: list, add, give a new password, take a lost second factor away.",
        "メンバーの一覧・追加・パスワード再発行・二要素認証の解除を行います。",
    ),
)
def command() -> None:
    pass


@command.command("list", cls=Command, text=Text("List the members.", "メンバーを一覧します。"))
@json_option()
def list_members(as_json: bool) -> None:
    open_installation()
    from enishi.accounts.models import Member

    rows = [
        {
            "email": m.email,
            "name": m.full_name if m.has_name else "",
            "role": m.role,
            "scope": m.scope,
            "team": m.team.name if m.team else "",
            "active": m.is_active,
        }
        for m in Member.objects.select_related("team")
    ]
    if as_json:
        show_json(rows)
    else:
        titles = [
            say("Mail", "メール"),
            say("Name", "氏名"),
            say("Role", "権限"),
            say("Sees", "範囲"),
            say("Team", "チーム"),
            say("Active", "有効"),
        ]
        shown = [
            {**row, "active": say("yes", "はい") if row["active"] else say("no", "いいえ")} for row in rows
        ]
        show_table(titles, [list(row.values()) for row in shown])


@command.command(
    "add",
    cls=Command,
    text=Text("Add a member and print a first password.", "メンバーを追加し、初回パスワードを表示します。"),
)
@click.argument("email")
@option(
    "--role",
    type=click.Choice(["admin", "manager", "csm", "sales", "viewer"]),
    default="csm",
    show_default=True,
    en="What they may do.",
    ja="権限。",
)
@option(
    "--scope",
    type=click.Choice(["all", "team", "own"]),
    default="own",
    show_default=True,
    en="Which accounts they see.",
    ja="閲覧できる顧客企業の範囲。",
)
@option(
    "--name",
    default="",
    en="Their name (otherwise asked after signing in).",
    ja="氏名(省略時は最初のサインイン後に入力)。",
)
@json_option()
def add(email: str, role: str, scope: str, name: str, as_json: bool) -> None:
    open_installation()
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    from enishi.accounts.audit import COMMAND_LINE, write_audit
    from enishi.accounts.company import get_company
    from enishi.accounts.models import Member

    try:
        validate_email(email)
    except ValidationError as error:
        raise _refusal(
            "bad_mail",
            f"{email} is no mail address.",
            f"{email} はメールアドレスの形式ではありません。",
            Text("Write it as name@company.example.", "name@company.example の形で指定してください。"),
        ) from error
    if Member.objects.filter(email__iexact=email).exists():
        raise _refusal(
            "member_exists",
            f"{email} is a member already.",
            f"{email} はすでに登録されています。",
            Text(
                f"`{this_program()} member password {email}` makes a new password.",
                f"`{this_program()} member password {email}` でパスワードを再発行できます。",
            ),
        )
    password = make_password()
    member = Member.objects.create_user(
        email, password, role=role, scope=scope, language=get_company().language, **name_fields(name)
    )
    write_audit(COMMAND_LINE, "member_added", member)
    _tell(SignIn(member.email, password), as_json)


@command.command(
    "password", cls=Command, text=Text("Give a member a new password.", "新しいパスワードを発行します。")
)
@click.argument("email", default="")
@json_option()
def password(email: str, as_json: bool) -> None:
    open_installation()
    from enishi.accounts.audit import COMMAND_LINE, write_audit
    from enishi.web.locks import unlock

    member = _find(email)
    made = make_password()
    member.set_password(made)
    member.save(update_fields=["password"])
    unlock(member.email)
    write_audit(COMMAND_LINE, "password_reset", member)
    _tell(SignIn(member.email, made), as_json)


@command.command(
    "factor",
    cls=Command,
    text=Text(
        "Take a lost second factor away.\n\nThe member's sessions end; the password alone opens again, and where the company requires a second factor the next sign-in leads to setting a new one up.",
        "紛失した二要素認証を解除します。\n\nメンバーのセッションはすべて終了し、パスワードのみでサインインできます。会社の設定で必須の場合は、次回のサインイン時に再設定の画面へ進みます。",
    ),
)
@click.argument("email", default="")
@json_option()
def factor(email: str, as_json: bool) -> None:
    open_installation()
    from enishi.accounts.audit import COMMAND_LINE
    from enishi.web.factors import remove_factor

    member = _find(email)
    removed = remove_factor(COMMAND_LINE, member)
    if as_json:
        show_json({"email": member.email, "removed": removed})
    elif removed:
        click.echo(
            say(
                f"The second factor of {member.email} is removed.",
                f"{member.email} の二要素認証を解除しました。",
            )
        )
    else:
        click.echo(
            say(f"{member.email} has no second factor.", f"{member.email} は二要素認証を設定していません。")
        )


def _find(email: str) -> Member:
    """The active member of a mail address; without one the first administrator."""
    from enishi.accounts.models import Member

    active = Member.objects.filter(email__iexact=email, is_active=True)
    member = active.first() if email else first_administrator()
    if member is None:
        raise _refusal(
            "unknown_member",
            f"There is no active member {email}.",
            f"有効なメンバー {email} が見つかりません。",
        )
    return member


def _tell(sign_in: SignIn, as_json: bool) -> None:
    if as_json:
        show_json({"email": sign_in.email, "password": sign_in.password})
    else:
        tell_sign_in(sign_in)


def _refusal(code: str, en: str, ja: str, hint: Text | None = None) -> EnishiError:
    return EnishiError(
        code,
        Text(en, ja),
        hint
        or Text(
            f"`{this_program()} member list` shows who there is.",
            f"`{this_program()} member list` で登録済みのメンバーを確認できます。",
        ),
    )
