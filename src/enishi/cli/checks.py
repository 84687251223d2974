"""The checks of ``enishi doctor``: each looks at one thing and says what it found, and the remedy."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from enishi.cli.findings import Finding
from enishi.cli.installation import pending_migrations
from enishi.cli.upkeep_checks import (
    check_backup,
    check_definitions,
    check_gaps,
    check_identity,
    check_jobs,
    check_rates,
    check_twins,
)
from enishi.cli.words import this_program
from enishi.ingest.failing import Failing
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text

LOW_DISK = 2 << 30
FULL_DISK = 200 << 20
LAG_WARNING = 60  # seconds a body may wait in the inbox before something is slow
LAG_ERROR = 900
MANY_FAILURES = 3  # in a row; less is a database that was restarted


Check = Callable[[Home, datetime], Iterator[Finding]]


def examine(home: Home, now: datetime) -> list[Finding]:
    """Every check in order; those of the data only where there is a database to ask."""
    findings = [finding for check in FOUNDATIONS for finding in _guarded(check, home, now)]
    if any(f.check == "database" and f.level == "error" for f in findings):
        return findings
    return findings + [finding for check in DATA_CHECKS for finding in _guarded(check, home, now)]


def nothing_there(home: Home) -> list[Finding]:
    """What to say of a folder without an installation; looks, and makes nothing."""
    said = Text(f"There is no installation in {home.root}", f"{home.root} にはまだ環境がありません")
    remedy = Text(
        f"Name the data folder with --data, or make an installation with `{this_program()} init`.",
        f"--data でデータフォルダーを指定するか、`{this_program()} init` で環境を作成してください。",
    )
    return [Finding("folder", "error", said, remedy)]


def _guarded(check: Check, home: Home, now: datetime) -> list[Finding]:
    """A check that fails is itself a finding."""
    name = check.__name__.removeprefix("check_")
    try:
        return list(check(home, now))
    except EnishiError as error:
        return [Finding(name, "error", error.message, error.hint)]
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        message = Text(
            f"The check '{name}' could not be made: {what}", f"点検「{name}」を実行できませんでした: {what}"
        )
        return [Finding(name, "error", message)]


# ---- the installation ----------------------------------------------------------------------------------------


def check_python(home: Home, now: datetime) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", "ok", Text(f"Python {version}", f"Python {version}"))


def check_disk(home: Home, now: datetime) -> Iterator[Finding]:
    folder = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    said = Text(
        f"{free / 1e9:.1f} GB free on the disk of the data folder",
        f"データフォルダーの空き容量 {free / 1e9:.1f} GB",
    )
    remedy = Text(
        "Make room, or move the data folder. With a full disk nothing is accepted; what was acknowledged is safe.",
        "空き容量を確保するか、データフォルダーを移動してください。容量不足の間は新しいデータを受け付けられません(受付済みのデータは安全です)。",
    )
    if free < FULL_DISK:
        yield Finding("disk", "error", said, remedy)
    elif free < LOW_DISK:
        yield Finding("disk", "warning", said, remedy)
    else:
        yield Finding("disk", "ok", said)


def check_database(home: Home, now: datetime) -> Iterator[Finding]:
    from django.db import connection

    waiting = pending_migrations()
    init = Text(f"Run `{this_program()} init`.", f"`{this_program()} init` を実行してください。")
    if waiting is None:
        yield Finding(
            "database", "error", Text("There is no database yet", "データベースがまだありません"), init
        )
    elif waiting:
        message = Text(
            f"The database is {len(waiting)} changes behind the program",
            f"データベースに未適用の変更が{len(waiting)}件あります",
        )
        yield Finding("database", "error", message, init)
    else:
        kind = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
        yield Finding("database", "ok", Text(f"Database {kind}, up to date", f"データベース {kind}(最新)"))
        if connection.vendor == "sqlite":
            yield from _check_sqlite(home)


def _check_sqlite(home: Home) -> Iterator[Finding]:
    with sqlite3.connect(f"file:{home.database}?mode=ro", uri=True, timeout=10) as database:
        result = database.execute("PRAGMA quick_check(3)").fetchone()[0]
    if result == "ok":
        yield Finding(
            "database_file", "ok", Text("The database file is sound", "データベースファイルは正常です")
        )
    else:
        yield Finding(
            "database_file",
            "error",
            Text(
                f"The database file is damaged: {result}", f"データベースファイルが破損しています: {result}"
            ),
            Text(
                f"Restore the last backup (`{this_program()} restore FILE`).",
                f"直近のバックアップから復元してください(`{this_program()} restore FILE`)。",
            ),
        )


def check_secrets(home: Home, now: datetime) -> Iterator[Finding]:
    """The signing key and the folder are readable by their owner alone."""
    for path, allowed in ((home.root, 0o700), (home.secret, 0o600)):
        if not path.exists():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & ~allowed:
            yield Finding(
                "secrets",
                "error",
                Text(
                    f"{path} can be read by others (mode {mode:o})",
                    f"{path} が他のユーザーから読める状態です(モード {mode:o})",
                ),
                Text(f"chmod {allowed:o} {path}", f"chmod {allowed:o} {path}"),
            )
            return
    yield Finding(
        "secrets", "ok", Text("Secrets are readable by their owner alone", "秘密情報は所有者だけが読めます")
    )


# ---- the data ------------------------------------------------------------------------------------------------


def check_time_zone(home: Home, now: datetime) -> Iterator[Finding]:
    from enishi.accounts.company import get_company

    name = get_company().time_zone
    try:
        local = now.astimezone(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        yield Finding(
            "time_zone",
            "error",
            Text(f"The time zone {name!r} is not known", f"タイムゾーン {name!r} は存在しません"),
            Text("Choose one under Setup → Company.", "「設定 → 会社」で選び直してください。"),
        )
        return
    yield Finding(
        "time_zone",
        "ok",
        Text(
            f"Company time {local:%Y-%m-%d %H:%M} ({name})", f"会社の現在時刻 {local:%Y-%m-%d %H:%M}({name})"
        ),
    )


def check_clock(home: Home, now: datetime) -> Iterator[Finding]:
    """Nothing we recorded ourselves may lie in the future."""
    from django.db.models import Max

    from enishi.accounts.models import AuditLine, RecordVersion
    from enishi.signals.models import ScoringRun

    written = ((AuditLine, "at"), (RecordVersion, "recorded_at"), (ScoringRun, "started_at"))
    moments = [model.objects.aggregate(at=Max(column))["at"] for model, column in written]
    latest = max((at for at in moments if at), default=None)
    if latest is not None and latest > now + timedelta(minutes=5):
        yield Finding(
            "clock",
            "error",
            Text(
                f"The clock is behind: something was recorded at {latest:%Y-%m-%d %H:%M} UTC",
                f"時計が遅れています({latest:%Y-%m-%d %H:%M} UTCの記録があります)",
            ),
            Text("Set the machine's clock (NTP).", "サーバーの時刻を合わせてください(NTP)。"),
        )
    else:
        yield Finding("clock", "ok", Text("The clock agrees with the records", "時計は記録と矛盾しません"))


def check_store(home: Home, now: datetime) -> Iterator[Finding]:
    """Every file the manifest lists is there, as long as it was written."""
    from enishi.store.manifest import read_manifest

    manifest = read_manifest(home.published)
    missing, count, size = [], 0, 0
    for files in manifest.tables.values():
        for file in files:
            path = home.published / file.path
            count, size = count + 1, size + file.bytes
            if not path.exists() or path.stat().st_size != file.bytes:
                missing.append(file.path)
    if missing:
        yield Finding(
            "store",
            "error",
            Text(
                f"{len(missing)} published files are missing or cut short, first {missing[0]}",
                f"公開ファイル{len(missing)}件が欠落または破損しています(例: {missing[0]})",
            ),
            Text(
                f"Restore the last backup (`{this_program()} restore FILE`).",
                f"直近のバックアップから復元してください(`{this_program()} restore FILE`)。",
            ),
        )
    else:
        yield Finding(
            "store",
            "ok",
            Text(
                f"Store generation {manifest.generation}: {count} files, {size / 1e6:.1f} MB, all present",
                f"ストア第{manifest.generation}世代: {count}ファイル、{size / 1e6:.1f} MB、欠落なし",
            ),
        )


def check_inbox(home: Home, now: datetime) -> Iterator[Finding]:
    from enishi.cli.health import inbox_lag

    waiting, oldest = inbox_lag(home, now)
    if not waiting:
        yield Finding("inbox", "ok", Text("Nothing waits in the inbox", "受信箱に待機中のデータはありません"))
        return
    said = Text(
        f"In the inbox wait {waiting} requests with events, the oldest for {oldest:.0f} s",
        f"受信箱で{waiting}件のリクエストが待機中です(最長{oldest:.0f}秒)",
    )
    remedy = Text(
        f"Is the consumer running? Start `{this_program()} serve`, or `{this_program()} serve --only consumer`.",
        f"取り込み処理が動いているかご確認ください(`{this_program()} serve` または `{this_program()} serve --only consumer`)。",
    )
    level = "error" if oldest > LAG_ERROR else "warning" if oldest > LAG_WARNING else "ok"
    yield Finding("inbox", level, said, remedy if level != "ok" else None)


def _failing_consumer(failing: Failing) -> Finding:
    since = f"{failing.since:%Y-%m-%d %H:%M} UTC"
    return Finding(
        "consumer",
        "error",
        Text(
            f"The consumer has failed {failing.times} times in a row since {since}; the last error: {failing.error}",
            f"取り込み処理が {since} から{failing.times}回続けて失敗しています(直近のエラー: {failing.error})",
        ),
        Text(
            "What was accepted waits in the inbox and is not lost. Remove the cause the error names (a full disk, a database"
            f" that is away); it then goes on by itself while `{this_program()} serve` runs.",
            "受け付けたデータは受信箱に残っており、失われません。エラーの原因(ディスクの空き不足、データベースの停止など)を取り除けば、"
            f"`{this_program()} serve` の稼働中は自動的に再開します。",
        ),
    )


def check_processes(home: Home, now: datetime) -> Iterator[Finding]:
    from enishi.cli.health import consumer_is_running, worker_last_seen
    from enishi.ingest.failing import read_failing

    failing = read_failing(home)
    if failing and failing.times >= MANY_FAILURES:
        yield _failing_consumer(failing)
    elif consumer_is_running(home):
        yield Finding("consumer", "ok", Text("The consumer is running", "取り込み処理は稼働中です"))
    else:
        yield Finding(
            "consumer",
            "warning",
            Text("The consumer is not running", "取り込み処理が停止しています"),
            Text(
                f"Start it with `{this_program()} serve`.", f"`{this_program()} serve` で起動してください。"
            ),
        )
    seen = worker_last_seen()
    if seen is not None and now - seen < timedelta(minutes=5):
        yield Finding("worker", "ok", Text("The worker is running", "ジョブ処理は稼働中です"))
    else:
        since = f"{seen:%Y-%m-%d %H:%M} UTC" if seen else None
        yield Finding(
            "worker",
            "warning",
            Text(
                f"The worker has done nothing since {since}" if since else "The worker has never run",
                f"ジョブ処理は {since} から動いていません"
                if since
                else "ジョブ処理はまだ一度も動いていません",
            ),
            Text(
                f"Start it with `{this_program()} serve`.", f"`{this_program()} serve` で起動してください。"
            ),
        )


def check_freshness(home: Home, now: datetime) -> Iterator[Finding]:
    """The newest usage and the newest score."""
    from enishi.accounts.company import company_day
    from enishi.cli.health import last_usage_day
    from enishi.signals.models import ScoringRun

    today = company_day(now)
    last = last_usage_day(home)
    if last is None:
        yield Finding(
            "usage",
            "warning",
            Text("No usage event has arrived yet", "利用イベントがまだ届いていません"),
            Text(
                f"Send events, import a file, or try `{this_program()} demo`.",
                f"イベントの送信やファイルの取り込みを行うか、`{this_program()} demo` をお試しください。",
            ),
        )
    else:
        stale = (today - last).days > 4
        remedy = Text("Look at Sources under Setup.", "「設定」の「データの取り込み元」をご確認ください。")
        yield Finding(
            "usage",
            "warning" if stale else "ok",
            Text(f"Newest usage: {last}", f"最新の利用: {last}"),
            remedy if stale else None,
        )
    run = ScoringRun.objects.filter(status="done").order_by("-day").first()
    if run is None or (today - run.day).days > 1:
        said = Text(
            f"Last scored: {run.day if run else 'never'}", f"最後のスコア計算: {run.day if run else '未実施'}"
        )
        yield Finding(
            "scores",
            "warning",
            said,
            Text(f"Run `{this_program()} score`.", f"`{this_program()} score` を実行してください。"),
        )
    else:
        yield Finding(
            "scores",
            "ok",
            Text(f"Scores of {run.day} for {run.accounts} accounts", f"{run.day} のスコア({run.accounts}社)"),
        )


def check_desk(home: Home, now: datetime) -> Iterator[Finding]:
    """Refused items that wait for a person."""
    from enishi.cli.health import open_rejects

    if rejects := open_rejects():
        yield Finding(
            "rejects",
            "warning",
            Text(
                f"{rejects} refused items wait at the rejects desk", f"受付不可のデータが{rejects}件あります"
            ),
            Text("Look at them under Setup → Rejects.", "「設定 → 取り込みエラー」でご確認ください。"),
        )
    else:
        yield Finding("rejects", "ok", Text("The rejects desk is empty", "受付不可のデータはありません"))


FOUNDATIONS: tuple[Check, ...] = (check_python, check_disk, check_secrets, check_database)
DATA_CHECKS: tuple[Check, ...] = (
    check_time_zone, check_clock, check_store, check_inbox, check_processes, check_freshness, check_desk,
    check_identity, check_twins, check_gaps, check_rates, check_definitions, check_jobs, check_backup,
)  # fmt: skip
