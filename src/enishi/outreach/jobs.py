"""The sender as a job of the worker."""

from __future__ import annotations

from django_tasks import task

from enishi.kit.clock import system_clock
from enishi.outreach.sending import send_due


@task()
def send_messages() -> dict[str, int]:
    """Send what is due now; the schedule calls it every minute for what has to be tried again."""
    return send_due(system_clock)


def ask_to_send() -> None:
    send_messages.enqueue()
