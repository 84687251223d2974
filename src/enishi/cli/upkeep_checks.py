"""Checks of ``enishi doctor`` on what people and the schedule keep up: definitions, ids, background work, backups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from enishi.cli.findings import Finding
from enishi.cli.words import this_program
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text

BACKUP_EVERY = timedelta(days=8)
"""A backup a week, and a day late is no reason to worry."""
MOST_TWINS = 1000


def check_definitions(home: Home, now: datetime) -> Iterator[Finding]:
    """Every published rule still reads, and names metrics that exist."""
    from enishi.definitions.api import parse_body
    from enishi.definitions.models import DefinitionVersion
    from enishi.definitions.reads import known_metrics

    metrics = known_metrics()
    published = DefinitionVersion.objects.filter(status="published", definition__retired_at=None)
    count = 0
    for version in published.select_related("definition"):
        kind, slug = version.definition.kind, version.definition.slug
        count += 1
        try:
            parse_body(kind, version.body, None if kind == "metric" else metrics)
        except EnishiError as error:
            said = Text(
                f"The definition {kind}/{slug} cannot be used: {error.message.en}",
                f"定義 {kind}/{slug} は利用できません: {error.message.ja}",
            )
            remedy = Text(
                "Correct it under Health and publish it again.", "「ヘルス」で修正し、公開し直してください。"
            )
            yield Finding("definitions", "error", said, remedy)
            return
    yield Finding("definitions", "ok", Text(f"{count} definitions in force, all valid", f"公開中の定義{count}件はすべて有効です"))  # fmt: skip


def check_identity(home: Home, now: datetime) -> Iterator[Finding]:
    """Events that lead to no account: groups nobody linked, users without a group."""
    from enishi.ingest.api import count_unmatched_groups, list_unmatched_users

    groups, users = count_unmatched_groups(home), len(list_unmatched_users(home, 1000))
    if not groups and not users:
        yield Finding("unmatched", "ok", Text("Every event leads to an account", "すべてのイベントが顧客企業に結び付いています"))  # fmt: skip
        return
    counts = {
        ("of groups", "グループID"): (groups, str(groups)),
        ("of users", "ユーザーID"): (users, f"{users}+" if users == 1000 else str(users)),
    }
    some = [(*titles, text) for titles, (count, text) in counts.items() if count]
    said = Text(
        f"Ids that lead to no account: {', '.join(f'{text} {en}' for en, _, text in some)}. Their events count for nobody",
        f"{'と'.join(f'{ja} {text}件' for _, ja, text in some)}が顧客企業に結び付いておらず、イベントが集計されていません",
    )
    yield Finding(
        "unmatched",
        "warning",
        said,
        Text("Link them under Setup → Identity.", "「設定 → 名寄せ」で紐付けてください。"),
    )


def check_twins(home: Home, now: datetime) -> Iterator[Finding]:
    """Customers that stand twice, as after an import under another id system."""
    from enishi.accounts.models import Account
    from enishi.ingest.identity import list_twins

    twins = list_twins(Account.objects.filter(deleted_at=None, merged_into=None), MOST_TWINS)
    if not twins:
        yield Finding(
            "twins", "ok", Text("No customer stands twice", "重複していると思われる顧客はありません")
        )
        return
    count = f"{len(twins)}+" if len(twins) == MOST_TWINS else str(len(twins))
    first = twins[0].account.name
    said = Text(
        f"{count} customers share their name, mail domain or ID (but for capitals) with another, first “{first}”",
        f"名称・メールドメイン・ID(大文字小文字の違いのみ)がほかの顧客と同じ顧客が{count}社あります(例: {first})",
    )
    remedy = Text(
        "Look at Setup → Identity, Merges. Does a file use the ids of another system? Name it with --system.",
        "「設定 → 名寄せ」の「統合」でご確認ください。別システムのIDのファイルは --system で指定して取り込んでください。",
    )
    yield Finding("twins", "warning", said, remedy)


def check_gaps(home: Home, now: datetime) -> Iterator[Finding]:
    """What is left unknown because no row of any file states it."""
    from enishi.accounts.models import Record
    from enishi.cli.health import has_usage, usage_names_users

    invoices = Record.objects.filter(kind="invoice", deleted_at=None)
    gaps = []
    if has_usage(home) and not usage_names_users(home):
        gaps.append((
            Text("No event names a user: how many people use the product, and who, is unknown", "利用者を示すイベントがないため、利用人数や利用者は不明です"),
            Text("Send the user with each event; in a file, choose the column (--map user=COLUMN).", "イベントに利用者を含めてください。ファイルの場合は列を指定します(--map user=列名)。"),
        ))  # fmt: skip
    if invoices.exists() and not invoices.filter(data__has_key="due_on").exists():
        gaps.append((
            Text("No invoice states when it is due: delay of payment is unknown", "支払期日のある請求がないため、支払いの遅れは不明です"),
            Text("Import the invoices again with their column (--map due_on=COLUMN).", "列を指定して請求を取り込み直してください(--map due_on=列名)。"),
        ))  # fmt: skip
    for said, remedy in gaps:
        yield Finding("gaps", "warning", said, remedy)
    if not gaps:
        yield Finding("gaps", "ok", Text("Users and due dates are stated where they count", "利用者と支払期日は登録されています"))  # fmt: skip


def check_rates(home: Home, now: datetime) -> Iterator[Finding]:
    """Money in a currency that no exchange rate leads from: it is in no sum."""
    from django.db.models import Count

    from enishi.accounts.company import without_rate
    from enishi.accounts.models import Record

    money = Record.objects.filter(kind__in=("subscription", "invoice", "order"), deleted_at=None)
    found = money.exclude(data__currency=None).values_list("data__currency").annotate(n=Count("pk"))
    without = without_rate(dict(found))
    if not without:
        yield Finding("rates", "ok", Text("Every amount can be summed in the company's currency", "すべての金額を自社通貨で集計できます"))  # fmt: skip
        return
    listed = ", ".join(f"{currency} {count}" for currency, count in without.items())
    said = Text(
        f"Contracts, invoices and orders in currencies without an exchange rate: {listed}. Their amounts are in no sum",
        f"為替レートのない通貨の契約・請求・注文があり、金額が集計に含まれていません({listed}件)",
    )
    remedy = Text(
        f"Import the rates (`{this_program()} import rates FILE`), or choose the company's currency under Setup → Company.",
        f"為替レートを取り込む(`{this_program()} import rates FILE`)か、「設定 → 会社」で通貨をご確認ください。",
    )
    yield Finding("rates", "warning", said, remedy)


def check_jobs(home: Home, now: datetime) -> Iterator[Finding]:
    """Background jobs of the last day that failed."""
    from django_tasks_db.models import DBTaskResult

    failed = DBTaskResult.objects.failed().filter(finished_at__gte=now - timedelta(days=1))
    latest = failed.order_by("-finished_at").first()
    if latest is None:
        yield Finding("jobs", "ok", Text("No background job failed today", "失敗したジョブはありません"))
        return
    what = latest.args_kwargs.get("args") or [latest.task_path.rpartition(".")[2]]
    yield Finding(
        "jobs",
        "warning",
        Text(
            f"{failed.count()} background jobs failed since yesterday, last {what[0]}: {latest.exception_class_path}",
            f"昨日以降に{failed.count()}件のジョブが失敗しました(最新: {what[0]}、{latest.exception_class_path})",
        ),
        Text(
            "The lines of `enishi serve` tell the reason; the schedule tries again by itself.",
            "原因は `enishi serve` の出力をご確認ください。スケジュールに従って自動で再実行されます。",
        ),
    )


def check_backup(home: Home, now: datetime) -> Iterator[Finding]:
    """When the last backup was made, as noted by ``enishi backup``."""
    remedy = Text(f"Run `{this_program()} backup`, for example every night.", f"`{this_program()} backup` を定期的に(例: 毎晩)実行してください。")  # fmt: skip
    if not home.backup_note.exists():
        yield Finding(
            "backup", "warning", Text("No backup was made yet", "バックアップがまだありません"), remedy
        )
        return
    at = datetime.fromisoformat(home.backup_note.read_text().strip())
    said = Text(f"Last backup: {at:%Y-%m-%d %H:%M} UTC", f"最後のバックアップ: {at:%Y-%m-%d %H:%M} UTC")
    old = now - at > BACKUP_EVERY
    yield Finding("backup", "warning" if old else "ok", said, remedy if old else None)
