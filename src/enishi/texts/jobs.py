"""Learning a version, done by the worker."""

from __future__ import annotations

from django.db import transaction
from django_tasks import task

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member
from enishi.kit.clock import system_clock
from enishi.texts.learning import begin, check_idle, learn
from enishi.texts.models import TextModel


@transaction.atomic
def ask_learning(member: Member) -> TextModel:
    """Have the worker learn a version from the corrections; its progress stands on the version."""
    check_idle()
    model = begin(member, system_clock())
    write_audit(member, "text_learning_asked", model, detail={"number": model.number})
    learn_job.enqueue(model.pk)
    return model


@task()
def learn_job(pk: int) -> None:
    """Learn a version that was asked for. May be repeated: one that is over is left alone."""
    model = TextModel.objects.filter(pk=pk, status=TextModel.Status.TRAINING).first()
    if model is not None:
        learn(model, system_clock())
