"""``enishi init``: make an installation, or bring one up to date."""

from __future__ import annotations

import click

from enishi.cli.installation import open_django
from enishi.cli.setting_up import SignIn, name_fields, set_up
from enishi.cli.show import show_json
from enishi.cli.words import json_option, language, option, say, spoken, this_program


@spoken(
    "init",
    en="Make an installation in the data folder, or bring it up to date.\n\nRepeat it after every update of the program. Nothing is lost by it.",
    ja="データフォルダーに環境を作成、または最新の状態に更新します。\n\nプログラム更新後は毎回実行してください。既存のデータは保持されます。",
)
@option(
    "--email",
    en="Mail address of the first administrator.",
    ja="最初の管理者のメールアドレス。",
)
@option(
    "--name",
    default="",
    en="Name of the first administrator (otherwise asked after signing in).",
    ja="最初の管理者の氏名(省略時は最初のサインイン後に入力)。",
)
@option(
    "--time-zone",
    default="",
    en="Time zone of the company, for example Europe/London: where a day begins, and what times without a zone mean in files.",
    ja="会社のタイムゾーン(例: Asia/Tokyo)。1日の区切りと、ファイル内のタイムゾーンのない日時の解釈に使われます。",
)
@option(
    "--currency",
    default="",
    en="Currency of the company, for example USD: sums are made in it.",
    ja="会社の通貨(例: JPY)。金額はこの通貨で集計されます。",
)
@json_option()
def command(email: str | None, name: str, time_zone: str, currency: str, as_json: bool) -> None:
    home = open_django()
    from enishi.accounts.company import get_company  # models need Django

    chosen = {"time_zone": time_zone, "currency": currency.upper()}
    sign_in = set_up(home, email, language(), name_fields(name), chosen)
    company = get_company()
    if as_json:
        show_json(
            {
                "data": str(home.root),
                "time_zone": company.time_zone,
                "currency": company.currency,
                "email": sign_in.email if sign_in else None,
                "password": sign_in.password if sign_in else None,
            }
        )
        return
    click.echo(say(f"Ready: {home.root}", f"準備ができました: {home.root}"))
    click.echo(
        say(
            f"Time zone {company.time_zone}, currency {company.currency} (--time-zone and --currency change them)",
            f"タイムゾーン {company.time_zone}、通貨 {company.currency}(--time-zone と --currency で変更できます)",
        )
    )
    if sign_in:
        tell_sign_in(sign_in)


def tell_sign_in(sign_in: SignIn) -> None:
    """Mail address and, the one time it is known, the password."""
    again = f"{this_program()} member password {sign_in.email}"
    click.echo(say(f"Sign in as    {sign_in.email}", f"サインイン    {sign_in.email}"))
    if sign_in.password:
        click.secho(say(f"Password      {sign_in.password}", f"パスワード    {sign_in.password}"), bold=True)
        click.echo(
            say(
                f"              (shown only now; kept as a hash. `{again}` makes a new one)",
                f"              (表示は今回のみです。再発行は `{again}` で行えます)",
            )
        )
    else:
        click.echo(
            say(
                f"              (password unchanged; `{again}` makes a new one)",
                f"              (パスワードは変更されていません。再発行は `{again}` で行えます)",
            )
        )
