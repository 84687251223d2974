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
        "contact_erased": _("erased a person"),
        "write_key_created": _("made a write key"),
        "write_key_revoked": _("revoked a write key"),
        "api_key_created": _("made an API key"),
        "api_key_revoked": _("revoked an API key"),
        "import_started": _("started an import"),
        "import_undone": _("undid an import"),
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
        "account_exported": _("exported an account"),
        "person_disclosed": _("took out all that is kept of a person"),
        "backtest_asked": _("started a back-test"),
        "defaults_installed": _("installed the default definitions"),
        "definition_draft_discarded": _("discarded a draft"),
        "definition_drafted": _("changed a draft"),
        "definition_retired": _("retired a definition"),
        "definitions_exported": _("exported the definitions"),
        "file_discarded": _("discarded a file"),
        "file_imported": _("imported a file"),
        "file_received": _("received a file"),
        "job_started": _("started a job"),
        "mapping_forgotten": _("forgot a mapping"),
        "member_added": _("added a member"),
        "outside_id_linked": _("linked an outside id"),
        "outside_id_unlinked": _("removed a link"),
        "erasure_confirmed": _("gave the reason for an erasure"),
        "retention_changed": _("changed how long raw events are kept"),
        "password_reset": _("reset a password"),
        "portfolio_exported": _("exported the customer list"),
        "records_deleted": _("deleted records"),
        "reject_discarded": _("discarded a rejected item"),
        "reject_replayed": _("took a rejected item in again"),
        "rejects_reopened": _("reopened rejected items"),
        "revenue_exported": _("exported revenue movements"),
        "task_moved": _("moved a task to another day"),
        "task_reassigned": _("gave a task to somebody else"),
        "tier_pinned": _("pinned a tier"),
        "tier_unpinned": _("unpinned a tier"),
        "tiers_assigned": _("assigned the tiers"),
        "user_erased": _("erased a user"),
        "view_changed": _("changed a saved view"),
        "view_deleted": _("deleted a saved view"),
        "view_saved": _("saved a view"),
        "write_key_changed": _("changed a write key"),
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
