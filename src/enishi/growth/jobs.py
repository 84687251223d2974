"""Judging the whole book by the catalogue, and learning from the past. Both may be repeated at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from enishi.accounts.audit import SYSTEM, write_audit
from enishi.accounts.company import company_day, get_company
from enishi.growth.book import Sold, asked_of, catalogue, catalogue_stamp, read_rows
from enishi.growth.commerce import name_next
from enishi.growth.contracts import Listed, Verdict
from enishi.growth.extended import extended_features, growth_of_use, use_of_features
from enishi.growth.learning import Said, Told, due, learn, read_moments, say
from enishi.growth.models import GrowthRun, Propensity, Proposal, Readiness, show_one
from enishi.growth.rules import Judged, best_of, judge
from enishi.kit.home import Home
from enishi.metrics.api import FactSettings, duckdb_facts
from enishi.metrics.revenue import day_of_number, number_of
from enishi.risk.api import last_scored
from enishi.signals.models import ScoringRun

BATCH = 2_000
RUNS_KEPT = 90
WRITTEN = 2
"""Which rows a judging writes: raised where an older version's would lack something, so that an update judges at once."""
REST = timedelta(hours=1)
"""Between two judgings of one day, unless the catalogue or a fit has changed."""


def renew(now: datetime) -> bool:
    """Judge again where scores, decisions or the catalogue have changed since; whether it did."""
    last = GrowthRun.objects.filter(finished_at__isnull=False).first()
    scored = ScoringRun.objects.filter(status="done").first()
    if scored is None:
        return False
    if last and last.stamp == stamp() and last.day == company_day(now):
        newer = scored.finished_at and scored.finished_at > last.started_at
        if not newer or now - last.started_at < REST:
            return False
    if due(now):
        learn(now)
    judge_book(now)
    name_next(now)
    return True


def stamp() -> str:
    """Changes whenever an offer does, another fit is put in use, forecasts of leaving speak anew, or rows are written anew."""
    fits = Propensity.objects.filter(in_use=True).order_by("pk").values_list("pk", flat=True)
    return f"{WRITTEN}:{catalogue_stamp()}:{','.join(map(str, fits))}:{last_scored()}"


def judge_book(now: datetime, told: Told | None = None) -> GrowthRun:
    """Every offer of the catalogue over every customer as last scored."""
    today, offers = company_day(now), catalogue()
    with duckdb_facts(Home.from_environment(), FactSettings(currency=get_company().currency)) as facts:
        generation = facts.files.generation
        moment = read_moments(facts, [today])[0]
        used = use_of_features(facts, today)
    sold = moment.sold
    extended = extended_features(used, sold.held, sold.rungs)
    rows = read_rows(sold, offers, today, growth_of_use(used, sold.held, extended))
    asked = asked_of(sold, offers, today, sold.trials())
    judged = [judge(offer, rows, asked) for offer in offers]
    wanted: dict[str, set[int]] = {}
    for one in judged:
        wanted.setdefault(one.offer.body.type, set()).update(v.account_id for v in one.verdicts)
    said = say(moment, wanted)
    run = GrowthRun(
        day=today, facts_generation=generation, accounts=len(rows), started_at=now, stamp=stamp(),
        counts={one.offer.slug: {**one.counts, "against": dict(one.against)} for one in judged},
        sold=_as_json(sold, extended), uplifts={kind: _without_nan(asdict(uplift)) for kind, uplift in asked.uplifts.items()},
        trials={kind: _without_nan(asdict(trial)) for kind, trial in asked.trials.items()},
    )  # fmt: skip
    _write(judged, said, today)
    note_what_came(sold)
    run.finished_at = now
    run.save()
    old = GrowthRun.objects.order_by("-started_at").values_list("pk", flat=True)[RUNS_KEPT:]
    GrowthRun.objects.filter(pk__in=list(old)).delete()
    return run


def _without_nan(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if value != value else value for name, value in values.items()}


def _as_json(sold: Sold, extended: Mapping[tuple[str, str], set[str]]) -> dict[str, Any]:
    rungs = {p: [[r.plan, round(r.price), r.customers] for r in plans] for p, plans in sold.rungs.items()}
    pairs = [[c.product, c.other, c.base, c.both, c.mrr] for c in sold.together]
    features = [[product, plan, sorted(names)] for (product, plan), names in extended.items()]
    return {"ladders": rungs, "companions": pairs, "extended": features}


def _write(judged: Iterable[Judged], said: Said, today: date) -> None:
    """Replace the read model; what held without a break keeps its day."""
    before = {
        (account, offer): (since, {sign["id"]: sign.get("since") for sign in signs})
        for account, offer, since, signs in Readiness.objects.values_list(
            "account_id", "offer", "since", "signs"
        )
    }
    margin = float(get_company().gross_margin)
    by_account: dict[int, list[tuple[Readiness, Verdict, int]]] = {}
    for one in judged:
        for verdict in one.verdicts:
            row = _row(one.offer, verdict, said, margin, today, before)
            by_account.setdefault(verdict.account_id, []).append((row, verdict, one.offer.body.priority))
    rows = []
    for entries in by_account.values():
        best = best_of([(verdict, row.expected, priority) for row, verdict, priority in entries])
        for at, (row, _verdict, _priority) in enumerate(entries):
            row.first, row.place = at == best, place_of(row)
            rows.append(row)
        show_one([row for row, _verdict, _priority in entries])
    with transaction.atomic():
        Readiness.objects.all().delete()
        Readiness.objects.bulk_create(rows, batch_size=BATCH)


def _row(
    offer: Listed, verdict: Verdict, said: Said, margin: float, today: date,
    before: Mapping[tuple[int, str], tuple[date, Mapping[str, Any]]],
) -> Readiness:  # fmt: skip
    since, signs = before.get((verdict.account_id, offer.slug), (today, {}))
    worth = verdict.worth
    row = Readiness(
        account_id=verdict.account_id, offer=offer.slug, kind=offer.body.type, status=verdict.status, on=verdict.on or today,
        since=since, day=today, weight=verdict.weight, target=dict(verdict.target), uplift=verdict.uplift,
        basis=worth.basis if worth else "", basis_customers=worth.customers if worth else 0, model=said.models.get(offer.body.type),
        signs=[
            {"id": s.id, "en": s.text.en, "ja": s.text.ja, "weight": s.weight, "facts": s.facts, "value": s.value,
             "since": signs.get(s.id) or today.isoformat()}
            for s in verdict.signs
        ],
    )  # fmt: skip
    frame = said.frames.get(offer.body.type)
    if frame is not None and verdict.account_id in frame.index:
        told: Any = frame.loc[verdict.account_id]
        row.probability, row.low, row.high = (float(told[name]) for name in ("probability", "low", "high"))
        row.drivers = grounds(told["drivers"])
        if row.uplift is not None:
            row.expected = round(row.probability * row.uplift * 12 * margin)
    return row


def grounds(drivers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What speaks for or against a win. A value nobody knows is no ground one could give a colleague."""
    known = (d for d in drivers if d.get("value", 0) not in (None, ""))
    return [{**d, "effect": round(float(d["effect"]), 3)} for d in known]


UNVALUED = -(10**15)


def place_of(row: Readiness) -> int:
    """Where a row stands in the list; the highest first."""
    if row.expected is not None:
        return row.expected
    return UNVALUED + round(row.weight * 10**10) + min(row.uplift or 0, 10**10 - 1)


def note_what_came(sold: Sold) -> int:
    """Write beside each proposal the win its customer's contracts show from the day it was made on; how many."""
    waiting = Proposal.objects.filter(seen_on=None, undone_at=None).exclude(status=Proposal.Status.SET_ASIDE)
    waiting = waiting.select_related("account")
    wins, found = sold.wins, 0
    for one in waiting:
        own = wins[
            (wins["account_id"] == one.account_id)
            & (wins["kind"] == one.kind)
            & (wins["day"] >= number_of(one.made_on))
        ]
        if len(own):
            first = own.iloc[0]
            one.seen_on, one.amount = day_of_number(int(first["day"])), int(first["amount"])
            if one.status == Proposal.Status.OPEN:
                one.before, one.status, one.closed_on = one.status, Proposal.Status.WON, one.seen_on
            one.save(update_fields=["seen_on", "amount", "before", "status", "closed_on"])
            detail = {"offer": one.offer, "on": str(one.seen_on), "amount": one.amount}
            write_audit(SYSTEM, "offer_seen_won", one, account=one.account, detail=detail)
            found += 1
    return found
