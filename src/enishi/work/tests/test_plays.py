"""The declared plays are whole, and drafts are courteous in the customer's language."""

from __future__ import annotations

from typing import Any

import pytest
from tests.world import TODAY, days_ago, make_lines, make_world

from enishi.accounts.models import Contact
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.signals.models import AccountState
from enishi.stakeholders.api import KeptTie
from enishi.work.api import addressee, declared_plays, draft, load_plays, place, play_for
from enishi.work.drafts import why_addressed
from enishi.work.reads import judgement_of

EVERY_TRIGGER = [
    *(f"alert:{name}" for name in ("power_users_falling", "champion_gone", "outage_suffered", "payment_late",
                                   "use_stopped")),
    *(f"cause:{name}" for name in ("disvaluation", "disconnection", "disengagement", "downturn")),
    "cause:disvaluation/product", "cause:disvaluation/competition", "renewal:near", "score:falling", "band:red",
]  # fmt: skip


@pytest.mark.parametrize("trigger", EVERY_TRIGGER)
def test_every_reason_has_its_own_play(trigger: str) -> None:
    plays = declared_plays()
    assert trigger in play_for([trigger], plays).when


def test_an_unknown_reason_gets_the_catch_all() -> None:
    assert play_for(["alert:made_up"], declared_plays()).id == "ask_how_things_are"


def play(**change: Any) -> dict[str, Any]:
    body = {
        "id": "one", "when": ["band:red"], "title": "t", "act": "a", "channel": "call", "minutes": 5, "chance": 0.1,
        "rest_days": 1, "contacts": [], "subject": "s", "body": "b",
    }  # fmt: skip
    return {**body, **change}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"channel": "pigeon"}, "pigeon"),
        ({"chance": 2}, "between 0 and 1"),
        ({"body": "{customer}"}, "customer"),
        ({"body": "{evidence}"}, "internal"),
        ({"minutes": "soon"}, "soon"),
        ({"when": ["cause:downturn"]}, "band:red"),
    ],
)
def test_a_wrong_play_is_refused_with_its_name(change: dict[str, Any], says: str) -> None:
    with pytest.raises(EnishiError, match=says):
        load_plays({"plays": [play(**change)]})


@pytest.mark.django_db
def test_a_draft_addresses_the_person_who_is_still_there() -> None:
    world = make_world()
    ranked = place(judgement_of(world.sakura, TODAY), TODAY, declared_plays())
    assert ranked is not None
    text = draft(ranked.play, world.sakura, list(world.sakura.contacts.all()), world.takahashi, world.company)
    assert text.contact_id == world.yamamoto.pk, "the champion left; the decision maker is addressed"
    assert text.language == "ja"
    assert text.body.startswith("株式会社さくら商事\n執行役員 山本様\n\nいつもお世話になっております。")
    assert text.body.endswith("株式会社ソラテック\n高橋\n")


@pytest.mark.django_db
@pytest.mark.parametrize(("customer", "signed"), [("sakura", "でございます"), ("acme", "Kind regards,\n")])
def test_a_draft_of_a_member_without_a_name_is_signed_by_the_company(customer: str, signed: str) -> None:
    world = make_world()
    account = getattr(world, customer)
    ranked = place(judgement_of(account, TODAY), TODAY, declared_plays())
    assert ranked is not None
    world.takahashi.family_name = world.takahashi.given_name = ""
    company = world.company.name
    contacts = list(account.contacts.all())
    body = draft(ranked.play, account, contacts, world.takahashi, world.company).body
    assert world.takahashi.email not in body
    assert (f"{company}{signed}" if customer == "sakura" else f"{signed}{company}") in body
    assert body.endswith(f"\n{company}\n")


@pytest.mark.django_db
def test_a_draft_speaks_the_customers_language_not_the_readers() -> None:
    world = make_world()
    ranked = place(judgement_of(world.acme, TODAY), TODAY, declared_plays())
    assert ranked is not None
    text = draft(ranked.play, world.acme, [world.brown], world.takahashi, world.company)
    assert text.language == "en"
    assert "Dear Carol Brown," in text.body
    assert "高橋 美咲" in text.body, "a name in kanji is read family first everywhere"


@pytest.mark.django_db
def test_nobody_known_means_the_company_is_addressed() -> None:
    world = make_world()
    plays = declared_plays()
    text = draft(play_for(["band:red"], plays), world.naniwa, [], world.tanaka, world.company)
    assert text.body.startswith("浪速物産株式会社 御中\n\nいつも")
    assert text.contact_id is None


@pytest.mark.django_db
def test_an_internal_draft_carries_the_evidence_in_the_readers_language() -> None:
    world = make_world()
    ranked = place(judgement_of(world.sakura, TODAY), TODAY, declared_plays())
    assert ranked is not None
    internal = play_for(["cause:disvaluation/product"], declared_plays())
    text = draft(internal, world.sakura, [], world.smith, world.company, reasons=ranked.reasons)
    assert text.language == "en"
    assert "- Severe ticket open: slow reports" in text.body


@pytest.mark.django_db
def test_what_costs_a_score_in_danger_most_is_read_where_no_cause_is() -> None:
    world = make_world()
    state = AccountState.objects.filter(account=world.naniwa)
    state.update(band="red", main_cause="", causes=[], alerts=[], lines=make_lines(200))
    found = judgement_of(world.naniwa, TODAY).weakest
    assert len(found) == 3
    assert found[0].ja.endswith("点)")
    state.update(main_cause="disconnection")
    assert judgement_of(world.naniwa, TODAY).weakest == ()
    state.update(main_cause="", band="yellow")
    assert judgement_of(world.naniwa, TODAY).weakest == ()


ROLES = ("champion", "power_user", "decision_maker")


def people(*roles: str, **more: Any) -> list[Contact]:
    return [Contact(pk=at + 1, role=role, email=f"p{at}@x.example", **more) for at, role in enumerate(roles)]


def tie(strength: int, days: int | None = 10, leaving: int = 0) -> KeptTie:
    last = None if days is None else days_ago(days)
    return KeptTie(strength, leaving, last, days is not None and days < 180)


def chosen(contacts: list[Contact], ties: dict[int, KeptTie], **how: Any) -> tuple[int | None, Text | None]:
    found = addressee(contacts, ROLES, ties, **how)
    return (found.pk, why_addressed(found, contacts, ROLES, ties)) if found else (None, None)


def test_whoever_answers_is_addressed_before_a_champion_who_does_not() -> None:
    three = people("champion", "decision_maker", "user")
    number, why = chosen(three, {1: tie(3, 300), 2: tie(50), 3: tie(82)})
    assert number == 2, "of those who answer the roles decide"
    assert why is not None
    assert why.en.endswith("strength of the tie 50 (medium). The champion has not answered in 180 days.")
    assert why.ja.endswith("関係の強さ50・普通)。推進者は直近180日に応答がありません。")
    number, why = chosen(three, {1: tie(3, 300), 2: tie(9, None), 3: tie(82)})
    assert number == 3, "anyone who answers rather than nobody"
    number, why = chosen(three, {1: tie(20, 150), 2: tie(9, None), 3: tie(12, 160)})
    assert number == 1, "a weak tie that answered goes by role"
    assert chosen(three, {})[0] == 1, "where nothing is known of ties, roles decide"


def test_where_nobody_holds_the_role_an_act_turns_to_first_that_is_said() -> None:
    number, why = chosen(people("decision_maker", "user"), {1: tie(50), 2: tie(60)})
    assert (number, why is not None and why.en.endswith("No champion is known.")) == (1, True)
    assert why is not None
    assert why.ja.endswith("普通)。推進者が分かっていません。")
    left = [*people("champion", left_on=TODAY), Contact(pk=2, role="decision_maker", email="d@x.example")]
    why = chosen(left, {1: tie(70), 2: tie(50)})[1]
    assert why is not None
    assert why.en.endswith("No champion is known."), "who has left holds no role any more"
    why = chosen(people("decision_maker"), {1: tie(3, 300)})[1]
    assert why is not None
    assert why.ja.endswith("役割で選んでいます。推進者が分かっていません。")
    why = chosen(people("champion", "user"), {1: tie(50), 2: tie(60)})[1]
    assert why is not None
    assert "is known" not in why.en


def test_of_one_role_the_stronger_tie_is_addressed() -> None:
    assert chosen(people("champion", "champion"), {1: tie(35), 2: tie(80)})[0] == 2


def test_who_left_or_likely_leaves_is_never_addressed() -> None:
    two = people("champion", "decision_maker")
    number, why = chosen(two, {1: tie(90, leaving=50), 2: tie(31)})
    assert number == 2
    assert why is not None
    assert "The champion is likely leaving." in why.en
    assert chosen(two, {1: tie(90, leaving=90), 2: tie(31, leaving=70)}) == (None, None)
    two[0].left_on = days_ago(1)
    assert chosen(two, {1: tie(90), 2: tie(31, leaving=49)})[0] == 2


def test_where_nobody_answers_the_roles_decide_and_it_is_said() -> None:
    number, why = chosen(people("decision_maker", "champion"), {1: tie(4, 400), 2: tie(2, None)})
    assert (number, why and why.en) == (2, "Nobody here has answered in 180 days: chosen by role.")


def test_a_mail_goes_to_an_address_that_takes_it() -> None:
    two = people("champion", "decision_maker")
    two[0].bounced_on = days_ago(3)
    ties = {1: tie(90, leaving=25), 2: tie(9, None)}
    assert chosen(two, ties)[0] == 1, "a call reaches them"
    number, why = chosen(two, ties, by_mail=True)
    assert (number, why and why.en) == (2, "Those who answer cannot be reached by mail: chosen by role.")
