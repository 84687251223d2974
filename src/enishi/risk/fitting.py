"""Learning: from what was known by the end of a day to a kept version, published if it is no worse."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pandas as pd
from django.db import transaction
from django.db.models import Max

from enishi.accounts.audit import SYSTEM, write_audit
from enishi.accounts.company import company_day, company_remembered, refuse_future
from enishi.accounts.models import Member
from enishi.definitions.actions import install_defaults
from enishi.forecasts import ChurnForecaster
from enishi.forecasts.outcomes import Outcome
from enishi.forecasts.panel import learnable
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.metrics.api import Metric
from enishi.risk.agreeing import agreeing_past
from enishi.risk.drifting import watch_inputs
from enishi.risk.judging import judge_candidate
from enishi.risk.models import HORIZONS, RENEWAL, ForecastModel
from enishi.risk.plain import alike, as_plain
from enishi.risk.recalibrating import recalibrated
from enishi.risk.rows import Lesson, Progress, outcome_of, read_lesson, silent
from enishi.signals.context import Rules, load_rules
from enishi.signals.features import new_forecaster
from enishi.store.api import Published

Status = ForecastModel.Status


@dataclass(frozen=True, slots=True)
class Lessons:
    """What a fit works with: the facts of a generation, the rules in force, the rows; ``told`` is what the horizons of days
    learned so far would have said of the past, as it would have been shown."""

    home: Home
    as_of: date
    now: datetime
    rules: Rules
    generation: int
    outcomes: dict[int, Outcome]
    lesson: Lesson
    told: dict[int, pd.DataFrame] = field(default_factory=dict)


def prepare_lessons(
    horizons: Sequence[int],
    as_of: date,
    *,
    now: datetime,
    home: Home | None = None,
    progress: Progress = silent,
) -> Lessons:
    """Read what there is to learn from, once for all horizons asked for."""
    refuse_future(as_of, now)
    home = home or Home.from_environment()
    install_defaults(SYSTEM, now)
    found = {h: outcome_of(home, h) for h in horizons}
    outcomes = {h: outcome for h, outcome in found.items() if outcome is not None}
    with company_remembered():
        rules = load_rules()
        lesson = read_lesson(home, outcomes, as_of, rules, progress)
    return Lessons(home, as_of, now, rules, Published(home).generation, outcomes, lesson)


def fit_forecasts(
    as_of: date,
    horizons: Sequence[int] = HORIZONS,
    *,
    now: datetime,
    home: Home | None = None,
    member: Member | None = None,
    publish: bool = True,
    progress: Progress = silent,
) -> list[ForecastModel]:
    """Learn every horizon asked for with what was known at the end of a day, and keep the versions.

    Args:
        publish: put a version in use where it is no worse than the one in use; otherwise it is kept as a candidate.

    Returns:
        A version per horizon; that of an earlier fit where nothing new was learned.
    """
    lessons = prepare_lessons(
        horizons,
        as_of,
        now=now,
        home=home,
        progress=lambda done, total: progress(50 * done / max(total, 1), 100),
    )
    made = []
    shortest_first = sorted(lessons.outcomes, key=lambda horizon: (horizon == RENEWAL, horizon))
    for number, horizon in enumerate(shortest_first, 1):
        made.append(fit_horizon(lessons, horizon, member=member, publish=publish))
        progress(50 + 50 * number / len(lessons.outcomes), 100)
    return made


def fit_horizon(lessons: Lessons, horizon: int, *, member: Member | None, publish: bool) -> ForecastModel:
    """Learn one horizon."""
    rows = lessons.lesson.panel(horizon)
    panel = learnable(rows, lessons.as_of)
    forecaster = new_forecaster(horizon, lessons.rules).fit(panel)
    made = _described(lessons, horizon, forecaster, panel)
    known = _learned_already(made, publish)
    if known is not None:
        if publish:
            _watch(lessons, horizon, rows)
        return known
    made.made_by = member
    standing, old = _keep(lessons, made, forecaster, panel, member, publish)
    if publish and made.status == Status.REFUSED and standing and old is not None and old.speaks_:
        _bring_up_to_date(lessons, standing, old, panel, member)
    if publish:
        _watch(lessons, horizon, rows)
    return made


def _watch(lessons: Lessons, horizon: int, rows: pd.DataFrame) -> None:
    """Look whether the inputs of the version that speaks now still lie as they did, and keep it with the version."""
    with transaction.atomic():
        standing = _in_use_now(horizon)
        forecaster = _readable(standing, lessons.rules.metrics) if standing else None
        if standing is not None and forecaster is not None:
            standing.report = standing.report | {"inputs": watch_inputs(forecaster, standing, rows)}
            standing.save(update_fields=["report"])


def _learned_already(made: ForecastModel, publish: bool) -> ForecastModel | None:
    """The version that the same facts led to before: learning from them again is nothing new."""
    kept = ForecastModel.objects.filter(horizon=made.horizon, outcome=made.outcome, recalibrated=None)
    kept = kept.exclude(status=Status.CANDIDATE) if publish else kept.filter(as_of=made.as_of)
    newest = kept.order_by("-version").first()
    return newest if newest is not None and alike(newest.state, made.state) else None


def _keep(
    lessons: Lessons,
    made: ForecastModel,
    forecaster: ChurnForecaster,
    panel: pd.DataFrame,
    member: Member | None,
    publish: bool,
) -> tuple[ForecastModel | None, ChurnForecaster | None]:
    """Judge a fit against what is in use and keep it; judged again where somebody chose another version meanwhile.

    Returns:
        What it was judged against.
    """
    while True:
        there = ForecastModel.objects.filter(horizon=made.horizon, status=Status.IN_USE).first()
        later = there is not None and not publish and there.as_of > made.as_of
        standing = None if later else there  # what was learned after a past day is no rival of it
        old = _readable(standing, lessons.rules.metrics) if standing else None
        as_of, chosen_on = (standing.as_of, chosen_day(standing)) if standing else (None, None)
        verdict = judge_candidate(forecaster, old, panel, as_of, chosen_on)
        made.reason_en, made.reason_ja = verdict.reason.en, verdict.reason.ja
        with transaction.atomic():
            if _key(_in_use_now(made.horizon)) != _key(there):
                continue
            _save(made, lessons.now, member, verdict.publish, publish)
        return standing, old


def _key(model: ForecastModel | None) -> tuple[object, ...] | None:
    return (model.pk, model.chosen_at) if model else None


def _save(made: ForecastModel, now: datetime, member: Member | None, passed: bool, publish: bool) -> None:
    last = ForecastModel.objects.filter(horizon=made.horizon).aggregate(last=Max("version"))["last"]
    made.version = (last or 0) + 1
    made.status = Status.CANDIDATE if passed else Status.REFUSED
    made.save()
    detail = {"horizon": named(made.horizon), "number": made.version}
    if publish and passed:
        put_in_use(made, now)
        write_audit(member or SYSTEM, "churn_forecast_published", made, detail=detail)
    elif not passed:
        write_audit(member or SYSTEM, "churn_forecast_refused", made, detail=detail)


def chosen_day(model: ForecastModel) -> date | None:
    """The day on which a person chose a version against newer ones."""
    return company_day(model.chosen_at) if model.chosen_at else None


def _bring_up_to_date(
    lessons: Lessons,
    standing: ForecastModel,
    old: ChurnForecaster,
    panel: pd.DataFrame,
    member: Member | None,
) -> None:
    """Where a new fit was refused, the one in use goes on with its level brought to what came lately."""
    chosen_on = chosen_day(standing)
    if chosen_on is not None:  # what was known when it was chosen was chosen with it
        panel = panel[pd.to_datetime(panel["ends_on"]) > pd.Timestamp(chosen_on)]
    mended = recalibrated(standing, old, panel, lessons.now, (lessons.as_of, lessons.generation))
    if mended is None:
        return
    with transaction.atomic():
        if _key(_in_use_now(standing.horizon)) != _key(standing):
            return  # somebody chose another one meanwhile
        mended.made_by = member
        mended.save()
        put_in_use(mended, lessons.now, standing.chosen_at)
        detail = {"horizon": named(mended.horizon), "number": mended.version, "replaced": standing.version}
        write_audit(member or SYSTEM, "churn_forecast_recalibrated", mended, detail=detail)


def _in_use_now(horizon: int) -> ForecastModel | None:
    return ForecastModel.objects.select_for_update().filter(horizon=horizon, status=Status.IN_USE).first()


def named(horizon: int) -> str:
    """The horizon as the audit log has it."""
    return str(horizon) if horizon else "renewal"


def restored(model: ForecastModel, metrics: dict[str, Metric]) -> ChurnForecaster:
    """The forecaster of a kept version."""
    return ChurnForecaster.from_dict(model.state, metrics=metrics)


def _readable(model: ForecastModel, metrics: dict[str, Metric]) -> ChurnForecaster | None:
    """The forecaster of a version, None where another version of Enishi wrote it: such a one is replaced unheard."""
    try:
        return restored(model, metrics)
    except EnishiError:
        return None


def put_in_use(model: ForecastModel, now: datetime, chosen_at: datetime | None = None) -> None:
    """Let a version speak from now on; the one before is retired. Call in a transaction.

    Args:
        chosen_at: when a person chose it against newer ones, None where no one did.
    """
    standing = ForecastModel.objects.filter(horizon=model.horizon, status=Status.IN_USE).exclude(pk=model.pk)
    standing.update(status=Status.RETIRED, used_until=now)
    if model.used_from and model.used_until:
        span = [model.used_from.isoformat(), model.used_until.isoformat()]
        model.earlier_uses = [*model.earlier_uses, span]
    model.status, model.used_from, model.used_until, model.chosen_at = Status.IN_USE, now, None, chosen_at
    model.save(update_fields=["status", "used_from", "used_until", "chosen_at", "earlier_uses"])


def _described(
    lessons: Lessons, horizon: int, forecaster: ChurnForecaster, panel: pd.DataFrame
) -> ForecastModel:
    """An unsaved version with all that says what it was learned from."""
    days = pd.to_datetime(panel["as_of"]) if len(panel) else pd.Series(dtype="datetime64[ns]")
    return ForecastModel(
        horizon=horizon,
        version=0,
        kind=forecaster.selection_["stands"],
        outcome=str(lessons.outcomes[horizon]),
        as_of=lessons.as_of,
        speaks=forecaster.speaks_,
        missing=forecaster.missing_outcomes_,
        base_rate=forecaster.base_rate_,
        rows=forecaster.rows_,
        accounts=forecaster.accounts_,
        outcomes=forecaster.outcomes_,
        facts_generation=lessons.generation,
        trained_on={
            "from": days.min().date().isoformat() if len(days) else None,
            "to": days.max().date().isoformat() if len(days) else None,
            "snapshots": int(days.nunique()),
            "threshold": threshold_of(forecaster.base_rate_),
            "left_out": [
                {"feature": leak.column, "en": leak.text.en, "ja": leak.text.ja} for leak in forecaster.leaks_
            ],
            "told_late": lessons.lesson.late,
            "scorecards": {card.slug: card.version.pk for card in lessons.rules.cards if card.version},
        },
        state=as_plain(forecaster.to_dict()),
        report=as_plain(_report(lessons, horizon, forecaster)),
        made_at=lessons.now,
    )


def _report(lessons: Lessons, horizon: int, forecaster: ChurnForecaster) -> dict[str, Any]:
    """How good what is shown has been: raised to what the shorter horizons learned from the same facts would have said
    (``agreed``: these). The next renewal, and a horizon learned alone, are judged by themselves."""
    if horizon == RENEWAL or not forecaster.speaks_:
        return forecaster.report()
    shorter = sorted(other for other in lessons.told if other < horizon)
    shown = copy(forecaster)
    shown.past_ = agreeing_past(forecaster.past_, [lessons.told[other] for other in shorter])
    lessons.told[horizon] = shown.past_
    return shown.report() | {"agreed": shorter}


def threshold_of(base_rate: float | None) -> float | None:
    """From which probability on an account counts as at risk: twice as likely as usual, at most one in two."""
    return None if base_rate is None else round(min(0.5, 2 * base_rate), 4)
