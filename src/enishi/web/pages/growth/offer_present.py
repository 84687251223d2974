"""What the catalogue's pages and the form of an offer draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from enishi.definitions.api import event_title, get_names
from enishi.definitions.base import Condition
from enishi.definitions.compare import full_body
from enishi.definitions.offers import EXTENDED_USE, Offer
from enishi.forecasts.pricing import LEAST_TRIED, PRICED, Trial
from enishi.forecasts.readiness import LEAST_UPLIFTS
from enishi.growth.book import EXTENDED_TITLE, metric_units
from enishi.growth.contracts import DECLARED, PRICES, WINS, Listed
from enishi.growth.models import GrowthRun
from enishi.growth.reads import trial_of
from enishi.growth.rules import RULE_WORDS, condition_text
from enishi.kit.text import Text, plain_number
from enishi.store.kinds import STAGES
from enishi.web.badges import band_word
from enishi.web.pages.growth.offer_form import BANDS, FACTS, SENT
from enishi.web.pages.growth.present import kind_words, language
from enishi.web.pages.health.card_form import OPERATORS
from enishi.web.pages.health.card_present import own_mistakes, title_words
from enishi.web.pages.health.rule_present import BLANK, PLACE_WORDS, metric_titles
from enishi.web.pages.portfolio.words import tier_words
from enishi.web.words import likely, percent

UNITS = {
    "share_of_mrr": gettext_lazy("% of what the customer pays a month"),
    "money_per_month": gettext_lazy("a month, in the company's currency"),
}
TIMES = {
    "threshold": pgettext_lazy("timing", "As soon as the signs are there"),
    "renewal": pgettext_lazy("timing", "At the renewal"),
}


def metric_choices() -> list[tuple[str, str]]:
    titles = metric_titles() | {EXTENDED_USE: EXTENDED_TITLE.in_language(language())}
    return sorted(titles.items(), key=lambda pair: pair[1])


def conditions_words(conditions: Iterable[Condition]) -> str:
    """Conditions as a person reads them."""
    units = metric_units()
    joint = _(" and ")
    return joint.join(condition_text(condition, units).in_language(language()) for condition in conditions)


def uplift_words(offer: Offer, run: GrowthRun | None, bases: Mapping[str, int]) -> list[str]:
    """What a win brings, line by line: what it goes by, why by that, and by what the uplift of how many ready customers went
    (``bases``)."""
    usual = (run.uplifts if run else {}).get(offer.type) or {}
    known = (usual.get("customers") or 0) >= LEAST_UPLIFTS and usual.get("share") is not None
    if not offer.uplift.learn:
        return [_declared(offer)]
    wins = _usual_words(offer.type, usual) if known else _declared(offer)
    missing = "" if known else _("(%(n)s of 10 customers needed to go by past wins)") % {"n": usual.get("customers") or 0}  # fmt: skip
    if offer.type not in PRICED:
        return [f"{wins} {missing}".strip()]
    trial = trial_of(run.trials[offer.type]) if run and offer.type in run.trials else Trial()
    if known and not trial.prices_lead:
        return [wins, _trial_words(trial), *_counted(bases)]
    said = [
        _price_words(offer),
        _("Otherwise: %(share)s") % {"share": wins} + (f" {missing}" if missing else ""),
    ]
    return [*said, *([_trial_words(trial)] if known else []), *_counted(bases)]


def _declared(offer: Offer) -> str:
    if offer.uplift.unit == "share_of_mrr":
        return _("%(share)s of MRR, declared") % {"share": percent(offer.uplift.value, 0)}
    return _("%(amount)s a month, declared") % {"amount": f"{offer.uplift.value:,.0f}"}


def _usual_words(kind: str, usual: Mapping[str, Any]) -> str:
    shares = {name: percent(usual[name], 0) for name in ("share", "low", "high")}
    said = (
        _("%(share)s of MRR (middle half %(low)s to %(high)s), by %(n)s customers who grew this way")
        if kind == "product"
        else _("%(share)s of the contract’s MRR (middle half %(low)s to %(high)s), by %(n)s customers who grew this way")
    )  # fmt: skip
    return said % {**shares, "n": usual["customers"]}


def _price_words(offer: Offer) -> str:
    if offer.type == "plan":
        return _(
            "What the plan costs more than the present one, where at least 10 customers pay each of the two"
        )
    return _("What other customers paid for the product at first (median), where at least 10 did")


def _trial_words(trial: Trial) -> str:
    """Why prices go before past wins, or after them."""
    if trial.wins < LEAST_TRIED:
        return _("Too few past wins to try which of the two tells better (%(n)s of %(least)s)") % {"n": trial.wins, "least": LEAST_TRIED}  # fmt: skip
    said = (
        _("Told of the last %(n)s wins beforehand, prices were off by %(price)s of the amount, past wins by %(share)s: prices go first")
        if trial.prices_lead
        else _("Told of the last %(n)s wins beforehand, prices were off by %(price)s of the amount, past wins by %(share)s: past wins are used")
    )  # fmt: skip
    return said % {"n": trial.wins, "price": percent(trial.price, 0), "share": percent(trial.share, 0)}


def _counted(bases: Mapping[str, int]) -> list[str]:
    """Of the offers that are ready or will be, how many were reckoned by what."""
    words = {
        PRICES: pgettext("basis of uplift", "prices %(n)s"),
        WINS: pgettext("basis of uplift", "past wins %(n)s"),
        DECLARED: pgettext("basis of uplift", "declared %(n)s"),
    }
    said = [text % {"n": bases[name]} for name, text in words.items() if bases.get(name)]
    return [_("Ready customers by what was used: %(bases)s") % {"bases": " · ".join(said)}] if said else []


def timing_words(offer: Offer) -> str:
    if offer.timing.at == "renewal":
        return _("from %(days)s days before the renewal on") % {"days": offer.timing.days_before}
    return _("as soon as the signs are there")


def eligible_words(offer: Offer) -> list[str]:
    """Who may be approached, line by line."""
    body = offer.eligible
    said = [_("paid contract in force, no notice given")]
    said.append(
        _("health: %(bands)s")
        % {"bands": pgettext("list", ", ").join(str(band_word(band)) for band in body.bands if band != "red")}
    )
    if body.stages:
        stages = dict(STAGES)
        named = [stages[name].in_language(language()) if name in stages else name for name in body.stages]
        said.append(_("stage: %(stages)s") % {"stages": pgettext("list", ", ").join(named)})
    for name, label in ((body.plans, _("plan: %(names)s")), (body.products, _("product: %(names)s"))):
        if name:
            said.append(label % {"names": pgettext("list", ", ").join(name)})
    if body.tiers:
        titles = tier_words()
        said.append(
            _("tier: %(names)s")
            % {"names": pgettext("list", ", ").join(titles.get(tier, tier) for tier in body.tiers)}
        )
    if body.tenure_from_days:
        said.append(_("a customer for %(days)s days") % {"days": body.tenure_from_days})
    if body.renewal_within_days is not None:
        said.append(_("renewal within %(days)s days") % {"days": body.renewal_within_days})
    if body.churn_below is not None:
        said.append(_("below %(share)s likely to leave within 90 days") % {"share": likely(body.churn_below)})
    said += [conditions_words((condition,)) for condition in body.when]
    return said


def shown(
    offer: Listed,
    run: GrowthRun | None,
    mine: Mapping[str, Mapping[str, int]],
    bases: Mapping[str, Mapping[str, int]],
    *,
    whole: bool,
) -> dict[str, Any]:
    """An offer as the catalogue shows it, with what the last judging found among the customers somebody sees (``mine``), and
    in the whole company for those who see it whole."""
    counts = (run.counts if run else {}).get(offer.slug, {}) if whole else {}
    against = counts.get("against", {})
    return {
        "slug": offer.slug,
        "title": offer.title,
        "description": Text.parse(offer.body.description or offer.body.title),
        "kind": kind_words()[offer.body.type],
        "eligible": eligible_words(offer.body),
        "signals": [
            {"when": conditions_words(signal.when), "weight": plain_number(signal.weight)}
            for signal in offer.body.signals
        ],
        "least": plain_number(offer.body.least_weight),
        "timing": timing_words(offer.body),
        "uplift": uplift_words(offer.body, run, bases.get(offer.slug, {})),
        "target": offer.body.to_plan or offer.body.to_product,
        "judged": run is not None,
        "ready": mine.get(offer.slug, {}).get("ready", 0),
        "later": mine.get(offer.slug, {}).get("later", 0),
        "counts": counts,
        "against": [
            (RULE_WORDS.get(name, Text(name, name)), n)
            for name, n in sorted(against.items(), key=lambda pair: -pair[1])
        ],
    }


def sold_words(run: GrowthRun | None, products: Mapping[str, str]) -> dict[str, Any]:
    """What the contracts say is sold: price ladders, what goes together, what higher plans extend."""
    sold, called = run.sold if run else {}, get_names()
    return {
        "ladders": [
            (products.get(p, p), plans) for p, plans in sold.get("ladders", {}).items() if len(plans) > 1
        ],
        "companions": [
            (products.get(a, a), products.get(b, b), base, both, both / base if base else None)
            for a, b, base, both, _mrr in sold.get("companions", [])[:12]
        ],
        "extended": [
            (products.get(p, p), plan, [event_title(called, name).in_language(language()) for name in names])
            for p, plan, names in sold.get("extended", [])
        ],
    }


def offer_form(body: Mapping[str, Any], mistakes: Mapping[str, str]) -> dict[str, Any]:
    """Everything the form draws."""
    whole = full_body("offer", body)
    eligible, uplift = whole.get("eligible") or {}, whole.get("uplift") or {}
    value = uplift.get("value", "")
    if uplift.get("unit") == "share_of_mrr":
        value = _percentage(value)
    signals = [
        _signal(one, own_mistakes(mistakes, f"signals[{i}]")) for i, one in enumerate(body.get("signals", []))
    ]
    return {
        "body": whole,
        "sent": SENT,
        "title_words": title_words(body.get("title")),
        "description_words": title_words(body.get("description")),
        "kinds": list(kind_words().items()),
        "eligible": {
            **eligible,
            "plans": "、".join(eligible.get("plans") or ()),
            "products": "、".join(eligible.get("products") or ()),
        },
        "when": [*(body.get("eligible", {}).get("when") or ()), BLANK],
        "stages": [(value, title.in_language(language())) for value, title in STAGES if value != "churned"],
        "bands": [(value, band_word(value)) for value in BANDS],
        "tiers": list(tier_words().items()),
        "uplift": {**uplift, "value": value},
        "units": list(UNITS.items()),
        "times": list(TIMES.items()),
        "signals": signals,
        "new_signal": {**_signal({"id": "new", "weight": 1}, {}), "key": "new-signal", "when": [BLANK] * 2},
        "places": [(name, PLACE_WORDS[name]) for name in FACTS],
        "metrics": metric_choices(),
        "operators": OPERATORS,
        "mistakes": mistakes,
    }


def _percentage(share: Any) -> Any:
    return f"{100 * share:g}" if isinstance(share, int | float) else share or ""


def _signal(signal: Mapping[str, Any], mistakes: Mapping[str, str]) -> dict[str, Any]:
    text = title_words(signal.get("text"))
    return {
        "id": signal["id"],
        "key": f"signal:{signal['id']}",
        "title": Text.parse(signal.get("text") or signal["id"]),
        "text": text,
        "when": [*signal.get("when", []), BLANK],
        "weight": signal.get("weight", 1),
        "facts": signal.get("facts", ""),
        "mistakes": mistakes,
    }
