"""What a reader must know of how a file as a whole is read: columns no figure uses, amounts whose interval is
assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enishi.ingest.files.kinds import EVENT, FILE_KINDS
from enishi.ingest.files.reading import REASON_HEADINGS, Plan
from enishi.ingest.models import Import
from enishi.kit.text import Text

UNUSED, INTERVAL, NO_ACCOUNT = "unused_columns", "assumed_interval", "no_account_column"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to know.

    Args:
        remedy: what to do about it on the command line; the browser has its form.
        told: what a program reads of it.
        grave: whether figures may come out otherwise than meant.
    """

    code: str
    text: Text
    remedy: Text
    told: str | list[str] | bool
    grave: bool = True


def unused_columns(plan: Plan, columns: Sequence[str]) -> list[str]:
    """Headings no field takes; those of our own list of rejected rows are not meant to be taken."""
    used = set(plan.columns.values())
    return [column for column in columns if column not in used and column not in REASON_HEADINGS]


def remarks_of(made: Import) -> list[Remark]:
    """The remarks on a received file, as its plan stands."""
    plan = Plan.from_json(made.plan)
    found: list[Remark] = []
    if unused := unused_columns(plan, made.headings):
        properties = made.kind == EVENT.name and plan.keep_rest
        found.append(Remark(UNUSED, _unused(made.kind, plan, unused), NAME_IT, unused, not properties))
    if _gives(plan, "amount") and not _gives(plan, "interval") and _has(made.kind, "interval"):
        found.append(Remark(INTERVAL, ASSUMED, SAY_INTERVAL, "month"))
    if made.kind == EVENT.name and not _gives(plan, "account"):
        found.append(Remark(NO_ACCOUNT, ACCOUNTLESS, SAY_ACCOUNT, True))
    return found


def _gives(plan: Plan, name: str) -> bool:
    return bool(plan.columns.get(name) or plan.constants.get(name))


def _has(kind: str, name: str) -> bool:
    return any(field.name == name for field in FILE_KINDS[kind].fields)


def _unused(kind: str, plan: Plan, unused: Sequence[str]) -> Text:
    en, ja = "not taken in", "取り込みません"
    if plan.keep_rest:
        en, ja = "kept with the record, but no figure uses it", "データには残しますが、集計には使いません"
        if kind == EVENT.name:
            en, ja = "kept as properties of the event", "イベントの属性として保存します"
    return Text(
        f"Not matched to a field: {', '.join(unused)} ({en}).",
        f"どの項目にも対応していない列: {'、'.join(unused)}({ja})。",
    )


NAME_IT = Text(
    "If one belongs to a field: --map FIELD=COLUMN.",
    "項目に当たる列があれば --map 項目=列名 で指定してください。",
)
ASSUMED = Text(
    "No column says the billing interval: every amount is taken as an amount per month.",
    "請求間隔の列がないため、金額はすべて月額として計算します。",
)
SAY_INTERVAL = Text(
    "If they are not: --map interval=COLUMN, or --set interval=year (quarter, half).",
    "月額でない場合は --map interval=列名 または --set interval=year(quarter、half)で指定してください。",
)
ACCOUNTLESS = Text(
    "No column names the account: these events count only for users whose account is known otherwise.",
    "顧客企業の列がありません。所属先が別途分かっている利用者の分だけが集計されます。",
)
SAY_ACCOUNT = Text("--map account=COLUMN says which one it is.", "列は --map account=列名 で指定できます。")
