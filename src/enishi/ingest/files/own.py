"""Lists of customers that we wrote and that come back, edited or not: their columns are known, the ids are those of the
system each row names, and what is computed is not taken in."""

from __future__ import annotations

from collections.abc import Sequence

from enishi.ingest.files.errors import BadFile
from enishi.ingest.files.reading import SYSTEM_HEADINGS, Plan
from enishi.kit.text import Text
from enishi.store.kinds import ACCOUNT

# Headings of the list of customers, by the field of an account they state. Health, band, tier, stage and money follow from
# other facts.
LIST_FIELDS = {
    "id": ("外部ID", "Outside id"),
    "name": ("顧客企業", "Account"),
    "domain": ("メールドメイン", "Mail domain"),
    "industry": ("業種", "Industry"),
    "employees": ("従業員数", "Employees"),
    "size": ("規模", "Size"),
    "region": ("地域", "Region"),
    "country": ("国", "Country"),
    "owner": ("担当者", "担当CSM", "Owner"),
    "channel": ("獲得チャネル", "Acquisition channel"),
    "seller": ("販売担当", "Sold by"),
    "since": ("取引開始日", "Customer since"),
}

# The heading that only lists of a past day have.
PAST_HEADINGS = ("スコアの算出", "How the score came about")


def refuse_past_list(name: str, kind: str, columns: Sequence[str]) -> None:
    """What was known of a customer on a past day may not overwrite what is known now: an empty cell would take the owner
    away.

    Raises:
        BadFile: the list was exported of a past day.
    """
    if kind not in ("", ACCOUNT.name) or not any(column in PAST_HEADINGS for column in columns):
        return
    raise BadFile(
        "past_list",
        Text(
            f"'{name}' is a list of customers of a past day: taken in, it would overwrite what is known today.",
            f"「{name}」は過去の時点の顧客一覧です。取り込むと現在の情報が過去の内容で上書きされます。",
        ),
        Text(
            "Export the list of today, edit that and import it.",
            "現在の顧客一覧をエクスポートし、編集してから取り込んでください。",
        ),
    )


def is_own_list(kind: str, columns: Sequence[str]) -> bool:
    return kind in ("", ACCOUNT.name) and any(column in SYSTEM_HEADINGS for column in columns)


def own_plan(columns: Sequence[str]) -> Plan:
    """How a list that we wrote is read."""
    found = {
        name: column for name, headings in LIST_FIELDS.items() for column in columns if column in headings
    }
    return Plan(found, keep_rest=False)
