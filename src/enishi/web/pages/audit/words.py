"""What the audit log's verbs mean to a reader."""

from __future__ import annotations

from django.utils.translation import gettext as _


def verb_words() -> dict[str, str]:
    """The words of every verb the rooms write; a verb not listed is shown as it is."""
    return {
        "signed_in": _("signed in"),
        "sign_in_failed": _("failed to sign in"),
        "password_changed": _("changed the password"),
        "member_created": _("created a member"),
        "member_invited": _("invited a member"),
        "invitation_sent": _("sent an invitation"),
        "invitation_accepted": _("accepted the invitation"),
        "invitation_revoked": _("took an invitation back"),
        "member_changed": _("changed a member"),
        "member_deactivated": _("deactivated a member"),
        "member_reactivated": _("let a member in again"),
        "team_created": _("made a team"),
        "team_renamed": _("renamed a team"),
        "team_deleted": _("removed a team"),
        "company_changed": _("changed the company settings"),
        "records_saved": _("saved records"),
        "account_merged": _("merged accounts"),
        "account_unmerged": _("undid a merge"),
        "account_linked": _("linked an outside id"),
        "account_unlinked": _("removed a link"),
        "contact_erased": _("erased a person"),
        "write_key_created": _("made a write key"),
        "write_key_revoked": _("revoked a write key"),
        "api_key_created": _("made an API key"),
        "api_key_revoked": _("revoked an API key"),
        "import_started": _("started an import"),
        "import_undone": _("undid an import"),
        "definition_saved": _("saved a draft"),
        "definition_published": _("published a definition"),
        "band_overridden": _("overrode a score"),
        "override_ended": _("ended an override"),
        "measure_stated": _("stated a measure"),
        "task_created": _("created a task"),
        "task_closed": _("closed a task"),
        "task_reopened": _("reopened a task"),
        "note_written": _("wrote a note"),
        "note_changed": _("changed a note"),
        "note_deleted": _("deleted a note"),
        "account_snoozed": _("put an account aside"),
        "account_done": _("dealt with an account"),
        "attention_undone": _("took that back"),
        "interaction_logged": _("logged an interaction"),
        "message_sent_again": _("sent a message again"),
        "message_cancelled": _("cancelled a message"),
        "consent_given": _("recorded a consent"),
        "consent_withdrawn": _("recorded a withdrawn consent"),
        "audit_exported": _("exported the audit log"),
        "sample_loaded": _("loaded the sample company"),
    }


def describe(detail: dict[str, object]) -> str:
    """The detail of a line in one row of text: ``role: csm → manager``."""
    parts = []
    for name, value in detail.items():
        if isinstance(value, list) and len(value) == 2:
            parts.append(f"{name}: {value[0] or '–'} → {value[1] or '–'}")
        else:
            parts.append(f"{name}: {value}")
    return ", ".join(parts)
