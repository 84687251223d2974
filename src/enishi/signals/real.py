"""``make real``: public history of a real community, judged quarter by quarter as it was known then.

The file holds commits to OpenStack Nova as company-level events (see the data folder's README). It goes in by the
same door as any customer's file, and is judged by the shipped scorecard, which was not made for it.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from enishi.accounts.company import get_company
from enishi.definitions.reads import get_default_scorecard
from enishi.forecasts.panel import snapshot_days
from enishi.ingest.api import accept_events, drain, event_message
from enishi.kit.errors import NotFound
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.signals.outcomes import Outcome
from enishi.signals.trials import Trial, run_backtest

FILE = Path("openstack") / "events.csv.gz"
FIRST, LAST = date(2014, 1, 1), date(2016, 4, 1)
NOT_COMPANIES = "*"  # "*independent" and "*unknown" stand for people, not for a company


def find_data() -> Path:
    """The reference file below ``ENISHI_DATA`` (default: ``../shared/data`` beside the checkout).

    Raises:
        NotFound: with where it was looked for.
    """
    folder = Path(os.environ.get("ENISHI_DATA") or Path.cwd().parent / "shared" / "data")
    path = folder / FILE
    if not path.exists():
        raise NotFound(
            "no_reference_data",
            Text(f"There is no {path}.", f"{path} がありません。"),
            Text(
                "Set ENISHI_DATA to the reference data's folder.",
                "ENISHI_DATA に参照データのフォルダーを指定してください。",
            ),
        )
    return path


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """The file's events of companies, as messages."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if not row["account"].startswith(NOT_COMPANIES):
                core = {name: row.pop(name) for name in ("occurred_at", "account", "user", "event")}
                yield event_message(**core, properties={k: v for k, v in row.items() if v})


def load(home: Home, path: Path, now: datetime) -> int:
    """Import the file as history, in the file's own time zone; returns the events accepted."""
    company = get_company()
    company.name, company.time_zone = "OpenStack Nova", "UTC"
    company.save(update_fields=["name", "time_zone"])
    accepted = accept_events(read_events(path), source="openstack", backfill=True, home=home, now=now)
    drain(home)
    return accepted.count


def run_real(home: Home, now: datetime, path: Path | None = None) -> dict[str, Any]:
    """Import and back-test; the result as of :func:`enishi.signals.trials.run_backtest`, with ``events``."""
    events = load(home, path or find_data(), now)
    trial = Trial(
        draft=get_default_scorecard(),
        outcome=Outcome("silence", 180),
        days=tuple(snapshot_days("quarter", FIRST, LAST)),
        every="quarter",
    )
    return {"events": events, **run_backtest(trial, home=home)}


def as_table(result: dict[str, Any], language: str = "en") -> str:
    """The back-test as plain text for a terminal or a README."""
    ja = language.startswith("ja")
    parts = [[_heading(result, ja)]]
    if result["rows"]:
        parts += [_scores(result, ja), _rates(result, ja), [_lead(result, ja)]]
    parts.append([result["verdict"]["ja" if ja else "en"]])
    return "\n\n".join("\n".join(part) for part in parts if part)


def _heading(result: dict[str, Any], ja: bool) -> str:
    rate = result["observed_rate"]
    share = f"{100 * rate:.1f}%" if rate is not None else "-"
    if ja:
        return f"{result['from']}〜{result['to']} {result['snapshots']}時点、{result['rows']}行、{result['accounts']}社、その後の離脱 {share}({result['outcome']})"
    counts = ", ".join(
        f"{n} {one}" if n == 1 else f"{n} {one}s"
        for n, one in (
            (result["snapshots"], "snapshot"),
            (result["rows"], "row"),
            (result["accounts"], "account"),
        )
    )
    return f"{result['from']} to {result['to']}: {counts}, {share} lost afterwards ({result['outcome']})"


_NAMES = {
    "forecast": Text("churn forecast", "解約予測"),
    "score": Text("scorecard", "スコアカード"),
    "published": Text("version in force", "公開中の版"),
    "recency": Text("days since last seen", "最終利用からの日数"),
    "count_90": Text("90-day count", "90日間の利用回数"),
}
_BANDS = {
    "red": Text("red", "危険"),
    "yellow": Text("yellow", "注意"),
    "green": Text("green", "良好"),
    "unknown": Text("unknown", "不明"),
}


def _scores(result: dict[str, Any], ja: bool) -> list[str]:
    head = "AUC(95%区間、顧客単位の再標本)" if ja else "AUC (95% interval, resampled by account)"
    lines = []
    for name, title in _NAMES.items():
        found = result.get(name)
        if found and found["auc"] is not None:
            brier = f"  Brier {found['brier']:.4f}" if found["brier"] is not None else ""
            label = title.ja if ja else title.en
            few = found.get("brier_n", found["n"])
            rows = f" (n={few})" if brier and few != result["rows"] else ""
            lines.append(
                f"  {found['auc']:.3f} ({found['low']:.3f}-{found['high']:.3f})  {label}{brier}{rows}"
            )
    silent = (result.get("forecast") or {}).get("reason")
    told = [f"  {silent['ja' if ja else 'en']}"] if silent else []
    return [head, *lines, *told] if lines else told


def _rates(result: dict[str, Any], ja: bool) -> list[str]:
    lines = ["区分ごとの実際の離脱率" if ja else "observed loss by band"]
    for band in result["bands"]:
        if band["observed"] is not None:
            title = _BANDS[band["band"]]
            span = f"{100 * band['low']:.1f}-{100 * band['high']:.1f}" if band["low"] is not None else "-"
            label = title.ja if ja else title.en
            lines.append(f"  {100 * band['observed']:5.1f}% ({span}%)  n={band['n']:<5} {label}")
    return lines


def _lead(result: dict[str, Any], ja: bool) -> str:
    lead = result["lead_time"]
    if lead["median"] is None:
        return "リードタイム: 該当なし" if ja else "lead time: none"
    silent = result["outcome"].startswith("silence")
    few = lead["low"] is None
    if ja:
        span = "" if few else f"、四分位 {lead['low']:.0f}〜{lead['high']:.0f}日"
        loss = "利用の途絶が確定する" if silent else "解約の申し出または契約終了の"
        return (
            f"リードタイム: {loss}{lead['median']:.0f}日前(中央値{span})、"
            f"離脱{lead['churns']}件中{lead['alarmed']}件で事前に警告"
        )
    span = "" if few else f" (quartiles {lead['low']:.0f}-{lead['high']:.0f})"
    loss = "the silence was complete" if silent else "notice or the end of the contract"
    return (
        f"lead time: median {lead['median']:.0f} days{span} before {loss}, "
        f"in {lead['alarmed']} of {lead['churns']} losses"
    )
