"""Long work started from the setup pages, done by the worker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from enishi.accounts.company import company_day, get_company
from enishi.kit.clock import system_clock
from enishi.web.models import BackgroundJob

Status = BackgroundJob.Status
SAMPLE, SCORE = "sample", "score"


@task()
def run_background(number: int) -> None:
    """Do a job once; a job that another worker took or that is over is left alone."""
    mine = BackgroundJob.objects.filter(pk=number, status=Status.QUEUED).update(
        status=Status.RUNNING, started_at=timezone.now()
    )
    if not mine:
        return
    job = BackgroundJob.objects.get(pk=number)
    try:
        _WORK[job.kind](job)
    except Exception as error:
        BackgroundJob.objects.filter(pk=number).update(
            status=Status.FAILED, error=f"{error}"[-2000:], finished_at=timezone.now()
        )
        raise
    BackgroundJob.objects.filter(pk=number).update(
        status=Status.DONE, progress=100, finished_at=timezone.now()
    )


def _load_sample(job: BackgroundJob) -> None:
    """The sample is told by ``enishi demo`` in a process of its own: it needs much memory, and gives it back."""
    command = [
        sys.executable,
        "-c",
        "from enishi.cli.main import main; main()",
        "--lang",
        job.asked_by.language if job.asked_by else get_company().language,
        "--data",
        str(settings.CONFIGURATION.home.root),
        "demo",
        "--if-empty",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError((done.stderr or done.stdout).strip()[-2000:])


def _score(job: BackgroundJob) -> None:
    from enishi.ingest.api import drain
    from enishi.signals.api import score_day

    now = system_clock()
    drain(settings.CONFIGURATION.home)
    score_day(company_day(now), now=now, progress=_teller(job))


def _teller(job: BackgroundJob) -> Callable[[float, float], None]:
    def tell(done: float, total: float) -> None:
        percent = round(done * 100 / total) if total else None
        BackgroundJob.objects.filter(pk=job.pk).update(progress=percent)

    return tell


_WORK: dict[str, Callable[[BackgroundJob], None]] = {SAMPLE: _load_sample, SCORE: _score}
