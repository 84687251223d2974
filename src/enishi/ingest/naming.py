"""Which columns of the application database can name a person, and which cannot.

An erasure looks into the first and never into the others: a state, a key, a slug, a definition or a job's queue is a
word of the machine even where somebody's user id reads the same. Columns with a list of choices need no entry; every
other text column of every model stands in one of the two lists, which ``ingest/tests/test_naming.py`` checks.
"""

from __future__ import annotations

from dataclasses import dataclass

from enishi.store.kinds import ACCOUNT, KINDS


@dataclass(frozen=True, slots=True)
class Naming:
    """How a column can name a person.

    Args:
        ids: whether telling ids count, or mail addresses alone.
        members: of JSON, the names under which texts stand, at whatever depth; empty: every value. Names themselves
            never count.
        keys: the JSON's names are sentences; they count after all.
        inner: a text that holds JSON; only its values count.
    """

    ids: bool = True
    members: tuple[str, ...] = ()
    keys: bool = False
    inner: bool = False


TEXT = Naming()  # what people write, or what quotes them
MAIL = Naming(ids=False)  # who did it, and names that are keys of something else at the same time
SAID = Naming(members=("en", "ja"))
INNER = Naming(inner=True)
_WORDED = {name for kind in KINDS.values() if kind is not ACCOUNT for name in (*kind.texts, *kind.personal)}
_RECORD = Naming(members=(*sorted(_WORDED), "extra"))

NAMING: dict[str, dict[str, Naming]] = {
    "accounts.Account": {"name": TEXT, "name_kana": TEXT, "search": TEXT, "seller": TEXT, "extra": TEXT},
    "accounts.AuditLine": {"actor": MAIL, "target_label": TEXT, "detail": TEXT},
    "accounts.Contact": {
        "family_name": TEXT, "given_name": TEXT, "name": TEXT, "name_kana": TEXT, "search": TEXT, "email": TEXT,
        "phone": TEXT, "title": TEXT, "department": TEXT, "user_id": TEXT, "outside_id": TEXT, "extra": TEXT,
    },
    "accounts.Merge": {"made_by": MAIL, "undone_by": MAIL},
    "accounts.OutsideId": {"value": MAIL, "made_by": MAIL},
    "accounts.Record": {"outside_id": MAIL, "data": _RECORD, "extra": TEXT},
    "accounts.RecordVersion": {"outside_id": MAIL, "data": _RECORD, "actor": MAIL},
    "accounts.Team": {"name": TEXT},
    "definitions.DefinitionVersion": {"note": TEXT},
    "django_tasks_database.DBTaskResult": {"traceback": TEXT},
    "fit.AccountFit": {"seller": TEXT, "facts": TEXT},
    "fit.FitOpinion": {"reason": TEXT},
    "fit.FitRun": {"error": TEXT},
    "growth.Proposal": {"reason": TEXT},
    "ingest.Answer": {"key": MAIL, "body": INNER},
    "ingest.ApiKey": {"created_by": MAIL},
    "ingest.Correction": {"reasons": Naming(keys=True), "failure": TEXT, "made_by": MAIL},
    "ingest.Import": {
        "name": TEXT, "warnings": TEXT, "error_en": TEXT, "error_ja": TEXT, "made_by": MAIL, "undone_by": MAIL,
    },
    "ingest.Mapping": {"name": TEXT, "made_by": MAIL},
    "ingest.Reject": {
        "payload": INNER, "message_en": TEXT, "message_ja": TEXT, "source": MAIL, "context": Naming(members=("told",)),
        "closed_by": MAIL,
    },
    "outreach.Consent": {"source": TEXT},
    "outreach.Message": {"address": TEXT, "subject": TEXT, "text": TEXT, "html": TEXT, "error": TEXT},
    "risk.ForecastRun": {"error": TEXT},
    "outlook.Forecast": {"error": TEXT},
    "outlook.RenewalCall": {"reason": TEXT},
    "outlook.Target": {"note": TEXT},
    "segments.TierPin": {"reason": TEXT},
    "signals.AccountState": {"causes": SAID, "alerts": SAID},
    "signals.Backtest": {"error": TEXT},
    "signals.ManualMeasure": {"note": TEXT},
    "signals.Override": {"reason": TEXT},
    "signals.ScoringRun": {"error": TEXT},
    "signals.Signal": {"evidence": SAID, "opening": SAID},
    "value.ValueRun": {"error": TEXT},
    "stakeholders.Assessment": {"note": TEXT},
    "texts.TextModel": {"error": TEXT, "made_by": MAIL},
    "web.BackgroundJob": {"error": TEXT},
    "web.Export": {"address": TEXT, "error": TEXT},
    "web.SavedView": {"name": TEXT, "address": TEXT},
    "work.Attention": {"reason": TEXT},
    "work.Note": {"body": TEXT},
    "work.NoteText": {"body": TEXT},
    "work.Tag": {"name": TEXT, "folded": TEXT},
    "work.Task": {"title": TEXT, "note": TEXT},
}  # fmt: skip

# What names a thing, a state or a place for the machine; what members are and do; figures.
NAMING_NOBODY: dict[str, str] = {
    "account.EmailAddress": "email",
    "account.EmailConfirmation": "key",
    "accounts.Account": "domain industry size region country language stage channel source outside_id",
    "accounts.AuditLine": "verb target_kind target_id address",
    "accounts.Company": "name time_zone currency language holiday_country extra_holidays",
    "accounts.Contact": "role language source",
    "accounts.Member": "password email family_name given_name name_kana language",
    "accounts.Merge": "moved",
    "accounts.OutsideId": "system",
    "accounts.Record": "kind source",
    "accounts.RecordVersion": "kind source",
    "auth.Group": "name",
    "auth.Permission": "name codename",
    "contenttypes.ContentType": "app_label model",
    "definitions.Definition": "kind slug",
    "definitions.DefinitionVersion": "body",
    "django_tasks_database.DBTaskResult": "args_kwargs task_path worker_ids queue_name backend_name return_value "
    "exception_class_path",
    "fit.AccountFit": "sale_band sale_axes band axes reasons",
    "fit.FitOpinion": "input",
    "fit.FitRun": "status record suggestion",
    "fit.FitStatement": "band axes sale_band",
    "growth.CommerceTrial": "used report",
    "growth.GrowthRun": "counts sold uplifts trials stamp",
    "growth.NextItems": "items last_item",  # products
    "growth.Propensity": "kind reason_en reason_ja state report",
    "growth.Proposal": "offer kind before target",
    "growth.Readiness": "offer kind signs basis target drivers",  # words of the catalogue with figures put in
    "ingest.Answer": "request",
    "ingest.ApiKey": "name digest shown scopes system",
    "ingest.Arrival": "delivery",
    "ingest.Correction": "kind source reason place fingerprint rule",  # rule: see ingest/erasing.py
    "ingest.ErasureRequest": "users requested_by texts kept",  # the consumer still needs them for the erasure itself
    "ingest.Import": "kind stored digest form details headings plan former system orphans received taken_back",
    "ingest.InboxBody": "origin body",  # carried into the store before it erases
    "ingest.Mapping": "kind fingerprint headings body system",
    "ingest.Reject": "kind origin content reason place",
    "ingest.WriteKey": "name product system stream digest shown",
    "mfa.Authenticator": "data",
    "outreach.Message": "key kind language",
    "risk.AccountRisk": "drivers exits",
    "risk.ForecastModel": "kind outcome trained_on state report reason_en reason_ja earlier_uses",
    "risk.ForecastRun": "drift",
    "outlook.BackTest": "trials",
    "outlook.Forecast": "model rates result",
    "outlook.ForecastBook": "body",
    "outlook.Target": "dimension segment",
    "segments.TierAssignment": "tier detail",
    "segments.TierPin": "tier",
    "segments.TierSummary": "tier",
    "sessions.Session": "session_key session_data",
    "signals.AccountState": "scorecard band_week_ago trend lines changes main_cause metrics stage tier",
    "signals.Backtest": "status parameters result",
    "signals.Cursor": "name",
    "signals.HealthScore": "scorecard groups lines",
    "signals.ManualMeasure": "measure",
    "signals.ScoringRun": "status",
    "signals.Signal": "type tag",
    "stakeholders.AccountRelationship": "departing missing uses ties unanswered",
    "stakeholders.Assessment": "before",
    "stakeholders.ContactMove": "reasons",
    "texts.TextCorrection": "language digest tone topic before",
    "texts.TextCursor": "kind",
    "texts.TextJudgement": "language tone topic digest",
    "texts.TextModel": "scorer reason corpus report state",
    "usersessions.UserSession": "ip session_key user_agent data",
    "value.AccountValue": "detail curve",
    "value.SegmentValue": "dimension segment curve",
    "value.ValueRun": "status assumptions fits",
    "web.BackgroundJob": "kind",
    "web.DefaultView": "page",
    "web.Export": "page scope accounts format language status",
    "web.Invitation": "digest",
    "web.SavedView": "page",
    "work.Attention": "fingerprint",
}
