"""What the setup pages change: each with its audit line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Company, Member
from enishi.ingest.models import WriteKey
from enishi.web.models import BackgroundJob
from enishi.web.pages.setup.jobs import run_background


def make_first_key(actor: Member, name: str) -> str:
    """A write key for the product; returned in clear this one time."""
    with transaction.atomic():
        row = WriteKey(name=name, created_by=actor)
        clear = row.assign()
        row.save()
        write_audit(actor, "write_key_created", row, detail={"name": name})
    return clear


def start_job(actor: Member, kind: str) -> BackgroundJob:
    """Start a job, or give the one of its kind that is under way."""
    Status = BackgroundJob.Status
    with transaction.atomic():
        running = BackgroundJob.objects.filter(kind=kind, status__in=[Status.QUEUED, Status.RUNNING]).first()
        if running is not None:
            return running
        job = BackgroundJob.objects.create(kind=kind, asked_by=actor)
        write_audit(actor, "job_started", kind)
        transaction.on_commit(lambda: _queue(job.pk))
    return job


def _queue(number: int) -> None:
    run_background.enqueue(number)


def _written(value: Any) -> str:
    """A setting as the audit log keeps it."""
    if isinstance(value, list):
        return ", ".join(f"{line['on']} {line['name']}".strip() for line in value)
    return str(value)


def save_company(actor: Member, company: Company, fields: dict[str, Any], now: datetime) -> list[str]:
    """Change the company's settings; returns the names of what changed."""
    changed = [name for name, value in fields.items() if getattr(company, name) != value]
    with transaction.atomic():
        detail = {name: [_written(getattr(company, name)), _written(fields[name])] for name in changed}
        if "factor_rule" in changed:
            company.factor_since = now
        for name in changed:
            setattr(company, name, fields[name])
        if company.set_up_at is None:
            company.set_up_at = now
        company.save()
        if changed:
            write_audit(actor, "company_changed", company, detail=detail)
    return changed
