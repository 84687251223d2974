"""The one way to leave an audit line; call it in the transaction of the change."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from django.db.models import Model

from enishi.accounts.models import Account, AuditLine, Member

SYSTEM = "system"  # nobody asked for it
COMMAND_LINE = "command line"  # whoever may open the data folder

# The address of the request being served, set by the web middleware.
request_address: ContextVar[str | None] = ContextVar("request_address", default=None)


def write_audit(
    actor: Member | str,
    verb: str,
    target: Model | str = "",
    *,
    account: Account | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditLine:
    """Record that ``actor`` did ``verb`` (past tense) to ``target``.

    Args:
        actor: the member, ``"api:<name>"`` and ``"key:<name>"`` for keys, :data:`COMMAND_LINE` or :data:`SYSTEM`.
        target: the row changed, or the name of a thing that has no row.
        detail: before and after of what changed, without secrets.
    """
    member = actor if isinstance(actor, Member) else None
    kind, number, label = "", "", str(target)[:300]
    if isinstance(target, Model):
        kind, number = target._meta.model_name or "", str(target.pk)
    return AuditLine.objects.create(
        member=member,
        actor=member.email if member else str(actor),
        verb=verb,
        target_kind=kind,
        target_id=number,
        target_label=label,
        account=account if account else (target if isinstance(target, Account) else None),
        detail=detail or {},
        address=request_address.get(),
    )
