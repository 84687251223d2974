"""The way of the data on one screen: what happens by itself, and when.

Facts flow in all the time: web -> inbox -> consumer -> published Parquet; the consumer also compacts the files,
drops raw events past their time and erases persons, as it is the store's one writer. The rest is a job below.
Times are the company's. The worker queues a job at most once for each of its slots, also across restarts and
several workers, because the slot is part of the job's arguments and every job may be repeated safely.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import close_old_connections, transaction
from django_tasks import task

from enishi.cli import chores
from enishi.kit.clock import system_clock
from enishi.kit.text import Text

log = logging.getLogger("enishi.schedule")
CHECK_SECONDS = 20
UNASKED = -10  # what comes by itself waits for what somebody asked for and looks forward to
BEHIND = -50  # the priority of work that may take long and can wait


@dataclass(frozen=True, slots=True)
class Job:
    """A chore and its rhythm: ``daily_at`` "HH:MM", or ``every`` so many minutes."""

    name: str
    title: Text
    do: Callable[[datetime], bool | None]  # False: not done yet, queue it again behind the others
    daily_at: str = ""
    every: int = 0

    def slot(self, local: datetime) -> str | None:
        """The slot that is due at a company time; None before today's hour has come."""
        if self.every:
            minutes = local.hour * 60 + local.minute
            return f"{local:%Y-%m-%d} {minutes // self.every * self.every // 60:02d}:{minutes // self.every * self.every % 60:02d}"
        return f"{local:%Y-%m-%d}" if f"{local:%H:%M}" >= self.daily_at else None


# fmt: off
JOBS = (
    # facts -> numbers -> judgements
    Job("sample",    Text("carry the sample company on",          "サンプル企業の更新"),         chores.sample, daily_at="00:05"),
    Job("score",     Text("score the day that ended, then today", "前日分と当日分のスコア計算"), chores.score, daily_at="00:20"),
    Job("refresh",   Text("score again where facts arrived",      "新しい事実があれば再計算"),   chores.refresh, every=1),
    Job("ready",     Text("count large books anew for the pages", "画面表示用の集計の更新"),    chores.ready, every=5),
    Job("alerts",    Text("look at new records for alerts",       "新しい記録からのアラート確認"), chores.alerts, every=1),
    Job("forecasts", Text("forecast who leaves; learn each week",  "解約予測の更新(学習は週1回)"), chores.forecasts, every=5),
    Job("tiers",     Text("assign touch tiers",                   "階層の見直し"),               chores.tiers, every=60),
    Job("value",     Text("value customers once a day, then past months", "顧客生涯価値の計算(1日1回、続けて過去の月)"), chores.value, every=15),
    Job("fit",       Text("judge which customers are the right ones", "適した顧客かどうかの判定"), chores.fit, every=5),
    Job("relations", Text("judge relationships where facts arrived", "関係者との関係の集計"),     chores.relations, every=5),
    Job("outlook",   Text("forecast revenue daily, again after churn forecasts", "収益予測の作成(1日1回、解約予測の更新後にも作成)"), chores.outlook, every=5),
    Job("growth",    Text("judge who is ready for which offer",   "提案の見込みの判定"),         chores.growth, every=5),
    Job("past",      Text("score past days that lack scores",     "過去分のスコア計算"),         chores.past, every=1),
    Job("records",   Text("test the scores on the past each week", "スコアの週次検証(過去データ)"), chores.records, every=60),
    Job("texts",     Text("read tone and topic of new texts",     "新しい文章の感情・話題の判定"), chores.texts, every=1),
    Job("learning",  Text("let the reading of texts learn",       "文章判定の学習"),             chores.learning, daily_at="03:10"),
    # what leaves the house
    Job("outbox",    Text("send mail that is waiting",            "送信待ちメールの送信"),       chores.outbox, every=1),
    # housekeeping
    Job("cleaning",  Text("forget old uploads, sessions, jobs",   "古い一時ファイル・セッション・ジョブの整理"), chores.cleaning, daily_at="04:00"),
)
# fmt: on
BY_NAME = {job.name: job for job in JOBS}


@task()
def run_job(name: str, slot: str) -> None:
    """Do one scheduled job."""
    began = time.monotonic()
    if BY_NAME[name].do(system_clock()) is False:
        run_job.using(priority=BEHIND).enqueue(name, slot)
    took = time.monotonic() - began
    if took > 1:
        log.info("%s of %s took %.1f s", name, slot, took)


def keep_schedule() -> None:
    """Queue what is due, for ever. Runs beside the worker; a failed look is tried again."""
    while True:
        try:
            close_old_connections()
            queue_due(system_clock())
        except Exception:
            log.exception("the schedule could not be kept; trying again")
        time.sleep(CHECK_SECONDS)


def queue_due(now: datetime) -> list[str]:
    """Queue every job whose slot has come and was not queued yet; returns their names."""
    from enishi.accounts.company import get_company

    local = now.astimezone(ZoneInfo(get_company().time_zone))
    queued = []
    for job in JOBS:
        slot = job.slot(local)
        if slot is not None and _queue_once(job, slot, now):
            queued.append(job.name)
    return queued


def _queue_once(job: Job, slot: str, now: datetime) -> bool:
    from django_tasks_db.models import DBTaskResult

    path = run_job.module_path
    with transaction.atomic():
        since = now - timedelta(days=2)
        mine = DBTaskResult.objects.filter(
            task_path=path, enqueued_at__gte=since, args_kwargs__args__0=job.name
        )
        if (
            mine.filter(args_kwargs__args__1=slot).exists()
            or mine.filter(status__in=["READY", "RUNNING"]).exists()
        ):
            return False
        run_job.using(priority=BEHIND if job.name == "past" else UNASKED).enqueue(job.name, slot)
    return True
