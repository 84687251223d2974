"""Revenue: what a figure says is what its accounts add up to, within scope."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.test import Client
from tests.world import NOW, TODAY, World, make_world, sign_in

from enishi.accounts.models import AuditLine, Member, Record
from enishi.definitions.api import list_versions, save_draft
from enishi.definitions.api import publish as publish_definition
from enishi.definitions.models import DefinitionVersion
from enishi.kit.home import Home
from enishi.metrics.periods import period_of
from enishi.metrics.revenue import number_of
from enishi.segments.models import TierAssignment
from enishi.store.testing import publish
from enishi.web.pages.portfolio.words import tier_words
from enishi.web.pages.revenue import listing, present, reads, views
from enishi.web.pages.revenue.query import Drill, Query, read_drill, read_query

pytestmark = pytest.mark.django_db

# account, started, amount, [(day, amount)], ended, renewal
STORY = (
    ("sakura", 800, 600_000, [(100, 800_000)], None, 30),
    ("fuji", 300, 300_000, [(40, 250_000)], None, None),
    ("acme", 500, 500_000, [], 5, None),
    ("naniwa", 10, 900_000, [], None, None),
)


def version(number: int, record: int, account: int, on: date, known: date, **values: Any) -> dict[str, Any]:
    return {
        "version_id": number, "record_id": record, "account_id": account, "valid_on": on, "known_on": known,
        "recorded_on": known, "deleted": False, "source": "test", "outside_id": f"s{record}", "product": "Desk",
        "plan": "Business", "currency": "JPY", "interval": "month", "recurring": True, **values,
    }  # fmt: skip


def subscription_rows(world: World) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for record, (name, started, amount, changes, ended, _renewal) in enumerate(STORY, 1):
        pk, first = world.accounts[name].pk, TODAY - timedelta(days=started)
        common = {"started_on": first}
        rows.append(version(len(rows) + 1, record, pk, first, first, amount=amount, **common))
        for ago, changed in changes:
            on = TODAY - timedelta(days=ago)
            rows.append(version(len(rows) + 1, record, pk, on, on, amount=changed, **common))
        if ended is not None:
            on = TODAY - timedelta(days=ended)
            rows.append(version(len(rows) + 1, record, pk, on, on, amount=amount, ended_on=on, **common))
    return rows


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> World:
    cache.clear()
    made = make_world()
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home = Home.from_environment()
    home.prepare()
    publish(home, "record_subscription", subscription_rows(made))
    monkeypatch.setattr(views, "company_day", lambda _now: TODAY)
    return made


def ask(text: str = "") -> Query:
    return read_query(QueryDict(text))


def test_every_figure_of_the_table_is_the_sum_of_its_accounts(world: World) -> None:
    context = present.page_context(world.suzuki, ask("kind=quarter"), TODAY)
    assert len(context["rows"]) == 9
    for row in context["rows"]:
        for cell in row["cells"]:
            if cell["address"]:
                drill = read_drill(QueryDict(cell["address"].split("?")[1]), TODAY)
                assert listing.read_listing(world.suzuki, drill, TODAY).amount == cell["amount"]
        assert row["opening"] + sum(cell["amount"] for cell in row["cells"]) == row["closing"]


def test_contracts_without_an_exchange_rate_are_left_out_and_named(world: World) -> None:
    before = present.page_context(world.suzuki, ask(), TODAY)
    assert before["lacking"] is None
    on = TODAY - timedelta(days=20)
    foreign = version(99, 99, world.accounts["fuji"].pk, on, on, amount=5000, currency="CHF", started_on=on)
    publish(Home.from_environment(), "record_subscription", [foreign])
    after = present.page_context(world.suzuki, ask(), TODAY)
    assert after["lacking"] == reads.Lacking(1, ("CHF",))
    assert [row["closing"] for row in after["rows"]] == [row["closing"] for row in before["rows"]]
    text = sign_in(world.suzuki).get("/revenue/", headers={"accept-language": "ja"}).content.decode()
    assert "CHFの為替レートがないため、契約1件は" in text
    assert "同じ顧客のほかの契約は、このページの数値に含まれます" in text


def test_contracts_are_read_anew_when_they_change_and_not_when_somebody_uses_the_product(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[date] = []
    read = reads.subscription_periods
    monkeypatch.setattr(reads, "subscription_periods", lambda facts, on: times.append(on) or read(facts, on))
    home, on = Home.from_environment(), TODAY - timedelta(days=20)
    used = {"group_no": 1, "user_no": 1, "event": "x", "product": "", "day": TODAY, "known_on": TODAY, "n": 1}
    terms = version(99, 99, world.accounts["fuji"].pk, on, on, amount=5_000, started_on=on)
    rate = {"version_id": 1, "record_id": 1, "currency": "CHF", "on": on, "rate": 170, "valid_on": on}
    for table, row, expected in (
        ("usage", used, 1),
        ("record_subscription", terms, 2),
        ("record_exchange_rate", rate, 3),
        ("merge", {"version_id": 1, "record_id": 900, "account_id": 901, "valid_on": on}, 4),
    ):
        reads.read_stretches(TODAY)
        publish(home, table, [row])
        reads.read_stretches(TODAY)
        assert len(times) == expected, table


def test_a_line_of_discounts_adds_up(world: World) -> None:
    on = TODAY - timedelta(days=40)
    line = version(
        99, 99, world.accounts["fuji"].pk, on, on, amount=-90_000, started_on=on, product="Discount"
    )
    publish(Home.from_environment(), "record_subscription", [line])
    rows = present.page_context(world.suzuki, ask("by=product&segment=Discount"), TODAY)["rows"][::-1]
    assert rows[-1]["closing"] == -90_000
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        assert row["opening"] + sum(cell["amount"] for cell in row["cells"]) == row["closing"]
        assert following is None or following["opening"] == row["closing"]


def test_the_opening_leads_to_the_accounts_that_make_it(world: World) -> None:
    row = present.page_context(world.suzuki, ask(), TODAY)["rows"][0]
    drill = read_drill(QueryDict(row["opening_address"].split("?")[1]), TODAY)
    found = listing.read_listing(world.suzuki, drill, TODAY)
    assert found.amount == row["opening"]
    closing = read_drill(QueryDict(row["closing_address"].split("?")[1]), TODAY)
    assert (
        listing.read_listing(world.suzuki, closing, TODAY).amount
        == row["closing"]
        == 800_000 + 250_000 + 900_000
    )


def test_the_trailing_rates_are_those_of_the_customers_a_year_ago(world: World) -> None:
    head = present.page_context(world.suzuki, ask(), TODAY)["head"]
    # a year ago: sakura 600, acme 500 (thousands); now 800 and 0
    assert head["nrr"] == pytest.approx(800 / 1100)
    assert head["grr"] == pytest.approx(600 / 1100)
    assert head["logo_churn"] == pytest.approx(1 / 2)


def test_each_sees_the_money_of_their_own_book(world: World) -> None:
    assert present.page_context(world.smith, ask(), TODAY)["head"]["mrr"] == 0
    assert present.page_context(world.tanaka, ask(), TODAY)["head"]["mrr"] == 900_000


def test_segments_add_up_to_the_whole(world: World) -> None:
    for by in ("industry", "tier", "owner", "stage", "product"):
        context = present.page_context(world.suzuki, ask(f"by={by}"), TODAY)
        assert sum(row["closing"] for row in context["segments"]) == context["head"]["mrr"], by
    only = present.page_context(world.suzuki, ask("by=industry&segment=製造"), TODAY)
    assert only["head"]["mrr"] == 250_000


def test_as_known_then_does_not_see_what_was_learned_later(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    rows = subscription_rows(world)
    late = next(row for row in rows if row["amount"] == 250_000)
    late["known_on"] = late["recorded_on"] = TODAY
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path / "late"))
    home = Home.from_environment()
    home.prepare()
    publish(home, "record_subscription", rows)
    cache.clear()
    now = present.page_context(world.suzuki, ask(), TODAY)["rows"]
    then = present.page_context(world.suzuki, ask("known=then"), TODAY)["rows"]
    month = {row["title"]: row for row in now}
    title = next(
        title
        for title, row in month.items()
        if any(c["name"] == "contraction" and c["amount"] for c in row["cells"])
    )
    contraction = {row["title"]: row["cells"][3]["amount"] for row in then}
    assert month[title]["cells"][3]["amount"] == -50_000
    assert contraction[title] == 0


def test_cohorts_lose_who_left(world: World) -> None:
    found = present.triangle(
        reads.read_book(world.suzuki, ask(), TODAY, TODAY).moves, ask("cohort=logo&kind=year"), TODAY
    )
    assert found is not None
    assert found["rows"][0]["cells"][0]["value"] == 1
    assert sum(row["customers"] for row in found["rows"]) <= 4
    moves = pd.DataFrame(
        [(n, number_of(TODAY) - 30 * months, "new", 100) for n, months in enumerate((30, 26, 26, 2))],
        columns=["account_id", "day", "kind", "amount"],
    )
    found = present.triangle(moves, ask("kind=month"), TODAY)
    assert found is not None
    assert (found["cut"], len(found["rows"])) == (2, 1), "months in which nobody came are no cohorts"


def test_the_running_period_ends_today(world: World) -> None:
    periods = reads.running(ask("kind=quarter"), TODAY)
    assert periods[-1].start == period_of(TODAY, "quarter", 4).start
    assert periods[-1].last == TODAY
    assert all(a.end == b.start for a, b in pairwise(periods))


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(
    "path", ["/revenue/", "/revenue/?kind=year&by=tier&cohort=logo", "/revenue/?known=then&by=owner"]
)
def test_pages_draw(world: World, path: str, language: str) -> None:
    Member.objects.filter(pk=world.watanabe.pk).update(language=language)
    assert sign_in(Member.objects.get(pk=world.watanabe.pk)).get(path).status_code == 200


def test_the_list_behind_a_figure_and_its_file(world: World) -> None:
    span = f"from={TODAY - timedelta(days=60)}&to={TODAY + timedelta(days=1)}"
    page = sign_in(world.suzuki).get(f"/revenue/movements/?movement=churn&{span}").content.decode()
    assert "Acme Corporation" in page
    assert "500,000" in page
    answer = sign_in(world.suzuki).get(f"/revenue/movements/export/?movement=churn&{span}&format=csv")
    assert "Acme Corporation" in answer.content.decode("utf-8-sig")
    assert AuditLine.objects.filter(verb="revenue_exported").exists()
    assert sign_in(world.watanabe).get(f"/revenue/movements/export/?{span}").status_code == 403
    assert (
        "Acme" not in sign_in(world.tanaka).get(f"/revenue/movements/?movement=churn&{span}").content.decode()
    )


def test_a_drill_reads_back_its_own_address() -> None:
    query = ask("by=tier&segment=high&known=then")
    address = query.drill("churn", date(2026, 1, 1), date(2026, 2, 1))
    assert read_drill(QueryDict(address[1:]), TODAY) == Drill(
        "churn", date(2026, 1, 1), date(2026, 2, 1), query
    )


def test_without_facts_the_page_teaches_the_next_step(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path / "empty"))
    Home.from_environment().prepare()
    cache.clear()
    assert "/setup/" in sign_in(world.suzuki).get("/revenue/").content.decode()


def test_what_stood_at_a_days_end_is_said_of_that_day(world: World) -> None:
    client = sign_in(world.suzuki)
    row = present.page_context(world.suzuki, ask(), TODAY)["rows"][0]
    ended = TODAY.replace(day=1) - timedelta(days=1)
    for address, day in ((row["opening_address"], ended), (row["closing_address"], TODAY)):
        assert (
            f"{day.year}年{day.month}月{day.day}日時点のMRR"
            in client.get(f"/revenue/{address}").content.decode()
        )


def follow(client: Client, address: str) -> Any:
    return client.get("/revenue/" + address).context["listing"]


def test_every_figure_leads_to_the_accounts_it_is_made_of(world: World) -> None:
    client = Client()
    client.force_login(world.suzuki)
    page = client.get("/revenue/?kind=quarter&by=owner").context
    head = page["head"]
    assert follow(client, head["lost_address"]).accounts == head["lost"]
    due = follow(client, head["renewal_address"])
    assert len(due.entries) == head["renewals"].due
    assert (due.before, due.kept) == (head["renewals"].money_due, head["renewals"].money_renewed)
    assert due.kept_share == head["renewal_money"]
    for row in page["rows"]:
        lost = follow(client, row["lost_address"]).accounts
        assert row["logo_churn"] is None or (lost > 0) == (row["logo_churn"] > 0)
    for row in page["segments"]:
        assert follow(client, row["opening_address"]).amount == row["opening"]
        assert follow(client, row["closing_address"]).amount == row["closing"]
    for row in page["triangle"]["rows"]:
        assert follow(client, row["address"]).accounts == row["customers"]
        for cell in row["cells"]:
            found = follow(client, cell["address"])
            assert found.before == row["mrr"]
            assert cell["value"] == pytest.approx(found.after / found.before)


def naive_mrr(day: date) -> int:
    """MRR in force at the end of a day, straight from the story."""
    total = 0
    for _name, started, amount, changes, ended, _renewal in STORY:
        ago = (TODAY - day).days
        held = amount if ago <= started else 0
        for since, changed in changes:
            held = changed if ago <= since else held
        total += 0 if ended is not None and ago <= ended else held
    return total


@pytest.mark.parametrize("kind", ["month", "quarter", "year"])
def test_every_closing_is_the_sum_of_the_contracts_of_that_day_to_the_yen(world: World, kind: str) -> None:
    for row, period in zip(
        present.page_context(world.suzuki, ask(f"kind={kind}"), TODAY)["rows"],
        reversed(reads.running(ask(f"kind={kind}"), TODAY)),
        strict=True,
    ):
        assert row["closing"] == naive_mrr(period.last)
        assert row["opening"] == naive_mrr(period.start - timedelta(days=1))


def publish_late(world: World, monkeypatch: pytest.MonkeyPatch, folder: Any) -> None:
    """The contraction of 40 days ago was learned only today."""
    rows = subscription_rows(world)
    late = next(row for row in rows if row["amount"] == 250_000)
    late["known_on"] = late["recorded_on"] = TODAY
    monkeypatch.setenv("ENISHI_HOME", str(folder))
    home = Home.from_environment()
    home.prepare()
    publish(home, "record_subscription", rows)
    cache.clear()


def test_a_past_day_shows_the_book_as_it_was_known_then(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    publish_late(world, monkeypatch, tmp_path / "late")
    day = TODAY - timedelta(days=7)
    past = present.page_context(world.suzuki, ask(f"as_of={day}"), TODAY)
    assert past["day"] == day
    assert past["head"]["mrr"] == naive_mrr(day) + 50_000  # the contraction was not known
    assert past["rows"][0]["running"]
    now = present.page_context(world.suzuki, ask(), TODAY)
    assert now["head"]["mrr"] == naive_mrr(TODAY)
    ahead = present.page_context(world.suzuki, ask(f"as_of={TODAY + timedelta(days=30)}"), TODAY)
    assert ahead["day"] == TODAY


MERGED, DELETED = TODAY - timedelta(days=15), TODAY - timedelta(days=10)


def publish_departures(world: World) -> None:
    """Acme is merged into Sakura, Fuji is deleted, and everyone's industry is stated anew."""
    home = Home.from_environment()
    sakura, fuji, acme = (world.accounts[name] for name in ("sakura", "fuji", "acme"))
    first = TODAY - timedelta(days=900)
    stated = [{"record_id": a.pk, "valid_on": first, "industry": "old"} for a in world.accounts.values()]
    anew = [row | {"valid_on": DELETED, "industry": "new"} for row in stated]
    gone = {"record_id": fuji.pk, "valid_on": DELETED, "industry": "new", "deleted": True}
    publish(home, "record_account", [*stated, *anew, gone])
    publish(home, "merge", [{"record_id": acme.pk, "account_id": sakura.pk, "valid_on": MERGED}])
    acme.merged_into, fuji.deleted_at = sakura, datetime.combine(DELETED, time(3), UTC)
    acme.save()
    fuji.save()
    cache.clear()


def mrr_on(member: Member, day: date, more: str = "") -> int:
    return int(present.page_context(member, ask(f"as_of={day}{more}"), TODAY)["head"]["mrr"])


def test_a_past_day_still_counts_who_was_merged_or_deleted_since(world: World) -> None:
    before, between, after = (TODAY - timedelta(days=days) for days in (20, 12, 8))
    told = {m.pk: (mrr_on(m, before), mrr_on(m, between)) for m in (world.suzuki, world.tanaka)}
    assert told[world.suzuki.pk][0] == naive_mrr(before) > told[world.tanaka.pk][0]
    publish_departures(world)
    for member in (world.suzuki, world.tanaka):
        assert (mrr_on(member, before), mrr_on(member, between)) == told[member.pk]
    assert mrr_on(world.suzuki, after) == naive_mrr(after) - 250_000  # deleted by then
    assert mrr_on(world.suzuki, TODAY) == naive_mrr(TODAY) - 250_000
    assert mrr_on(world.suzuki, TODAY, "&known=then") == naive_mrr(TODAY) - 250_000
    view = present.page_context(world.suzuki, ask("known=then"), TODAY)
    assert view["rows"][1]["closing"] == naive_mrr(reads.running(ask(), TODAY)[-2].last)


def test_a_past_day_s_segments_are_what_was_known_of_the_accounts_then(world: World) -> None:
    publish_departures(world)
    before, after = TODAY - timedelta(days=20), TODAY - timedelta(days=8)
    for day, industry in ((before, "old"), (after, "new")):
        page = sign_in(world.suzuki).get(f"/revenue/?by=industry&as_of={day}").context
        assert [(row["title"], row["closing"]) for row in page["segments"]] == [
            (industry, mrr_on(world.suzuki, day))
        ]
        assert page["options"]["segments"] == [(industry, industry)]
        assert (
            follow(sign_in(world.suzuki), page["segments"][0]["closing_address"]).amount
            == page["head"]["mrr"]
        )
        assert mrr_on(world.suzuki, day, f"&by=industry&segment={industry}") == page["head"]["mrr"]


def test_one_plan_is_the_whole_where_all_have_it(world: World) -> None:
    whole = present.page_context(world.suzuki, ask(), TODAY)["head"]
    plan = present.page_context(world.suzuki, ask("by=plan&segment=Business"), TODAY)["head"]
    assert plan["mrr"] == whole["mrr"]
    assert plan["renewals"].due == whole["renewals"].due
    other = sign_in(world.suzuki).get("/revenue/?by=plan&segment=Light").context
    assert other["head"]["mrr"] == 0


@pytest.mark.parametrize("view", ["known=then", "known=then&by=owner", "as_of=2026-11-13&by=plan", "by=plan"])
def test_lists_know_what_their_figure_knew(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, view: str
) -> None:
    publish_late(world, monkeypatch, tmp_path / "late")
    client = sign_in(world.suzuki)
    page = client.get(f"/revenue/?{view}").context
    for row in [*page["rows"], *page["segments"]]:
        assert follow(client, row["opening_address"]).amount == row["opening"]
        assert follow(client, row["closing_address"]).amount == row["closing"]
        for cell in row["cells"]:
            if cell["address"]:
                assert follow(client, cell["address"]).amount == cell["amount"]
    if page["segments"]:
        assert sum(row["closing"] for row in page["segments"]) == page["rows"][0]["closing"]


def test_the_lines_of_a_past_period_add_up_to_it_as_known_then(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    publish_late(world, monkeypatch, tmp_path / "late")
    before = reads.running(ask(), TODAY)[-2]
    view = ask(f"known=then&by=tier&at={before.start}")
    page = present.page_context(world.suzuki, view, TODAY)
    row = next(row for row in page["rows"] if row["chosen"])
    assert sum(line["closing"] for line in page["segments"]) == row["closing"]


def test_a_tier_of_survivors_alone_has_no_rates(world: World) -> None:
    TierAssignment.objects.all().delete()
    page = sign_in(world.suzuki).get("/revenue/?by=tier")
    assert page.context["survivors"]
    assert [row["rates"] for row in page.context["segments"]] == [None] * len(page.context["segments"])


def test_a_customer_who_left_stays_with_the_tier_it_left(world: World) -> None:
    TierAssignment.objects.all().delete()
    for name, tier, until in (
        ("acme", "high", TODAY - timedelta(days=5)),
        ("sakura", "high", None),
        ("fuji", "low", None),
    ):
        since = TODAY - timedelta(days=600)
        TierAssignment.objects.create(
            account=world.accounts[name], tier=tier, since=since, until=until, reason="share"
        )
    page = sign_in(world.suzuki).get("/revenue/?by=tier")
    assert not page.context["survivors"]
    rates = {row["title"]: row["rates"] for row in page.context["segments"]}
    lost = follow(sign_in(world.suzuki), rates[tier_words()["high"]]["lost_address"])
    assert [entry.account_id for entry in lost.entries] == [world.accounts["acme"].pk]
    assert rates[tier_words()["high"]]["logo_churn"] == pytest.approx(1 / 2)


def test_products_go_by_their_names(world: World) -> None:
    save_draft(
        "names",
        "default",
        {"products": {"Desk": {"en": "Front desk", "ja": "受付"}}},
        actor="system",
        now=NOW,
    )
    publish_definition(find_draft("names"), actor="system", now=NOW)
    client = sign_in(world.suzuki)
    assert "受付" in client.get("/revenue/?by=product").content.decode()
    span = f"from={TODAY - timedelta(days=60)}&to={TODAY + timedelta(days=1)}"
    page = client.get(f"/revenue/movements/?movement=churn&by=product&{span}").content.decode()
    assert "<small>受付</small>" in page


def find_draft(kind: str) -> DefinitionVersion:
    return list_versions(kind, "default").get(status="draft")


def test_who_has_given_notice_is_told_with_the_money_still_in_force(world: World) -> None:
    assert present.page_context(world.suzuki, ask(), TODAY)["noticed"] is None
    contract = Record.objects.get(account=world.sakura, kind="subscription")
    said = {"notice_on": TODAY.isoformat(), "ended_on": (TODAY + timedelta(days=60)).isoformat()}
    Record.objects.filter(pk=contract.pk).update(data=contract.data | said)
    told = present.page_context(world.suzuki, ask(), TODAY)["noticed"]
    assert told == {"customers": 1, "mrr": 800_000, "address": "/accounts/?contract=noticed"}
    assert "800,000円" in sign_in(world.suzuki).get("/revenue/").content.decode()
