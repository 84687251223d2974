"""Making and revoking keys: each one transaction and one audit line, never the key itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member
from enishi.ingest.models import ApiKey, WriteKey


def issue_write_key(actor: Member, key: WriteKey) -> str:
    """Save a new write key; gives it in clear this one time."""
    with transaction.atomic():
        key.created_by = actor
        clear = key.assign()
        key.save()
        detail = {"product": key.product, "system": key.system, "creates_accounts": key.creates_accounts}
        write_audit(actor, "write_key_created", key, detail=detail)
    return clear


def issue_api_key(actor: Member, fields: dict[str, Any], expires_at: datetime | None) -> str:
    """Make an API key; gives it in clear this one time."""
    with transaction.atomic():
        key = ApiKey(
            name=fields["name"],
            system=fields["system"],
            member=fields["member"],
            scopes=sorted(fields["scopes"]),
            expires_at=expires_at,
            created_by=actor.email,
        )
        clear = key.assign()
        key.save()
        detail = {"scopes": key.scopes, "member": key.member.email if key.member else ""}
        write_audit(actor, "api_key_created", key, detail=detail)
    return clear


def save_write_key(actor: Member, key: WriteKey, changed: list[str]) -> None:
    with transaction.atomic():
        key.save()
        write_audit(actor, "write_key_changed", key, detail={"fields": changed})


def revoke(actor: Member, key: WriteKey | ApiKey, now: datetime) -> None:
    """Let a key open nothing from now on."""
    verb = "write_key_revoked" if isinstance(key, WriteKey) else "api_key_revoked"
    with transaction.atomic():
        if key.revoked_at is None:
            key.revoked_at = now
            key.save(update_fields=["revoked_at"])
            write_audit(actor, verb, key)
