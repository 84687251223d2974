"""Causes, alerts and tiers are edited in forms: what is sent back is what was meant, and no more."""

from __future__ import annotations

import re
import zipfile
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from tests.world import World, sign_in

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Member
from enishi.definitions.api import (
    default_body,
    find_published,
    get_causes,
    get_tiers,
    parse_body,
)
from enishi.kit.errors import EnishiError
from enishi.signals.models import AccountState
from enishi.web.pages.health.declared import read_text
from enishi.web.pages.health.rule_effects import compare_tiers
from enishi.web.pages.health.rule_form import SENT, read_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(world: World) -> Client:
    client = Client()
    client.force_login(world.suzuki)
    return client


def fields_of(page: str) -> QueryDict:
    """What a browser would send of the page's form if nothing were touched."""
    form = page[page.index('id="rules-form"') :]
    form = form[: form.index("</form>")]
    sent = QueryDict(mutable=True)
    for tag in re.findall(r"<input[^>]*>", form):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        ticked = found.get("type") != "checkbox" or re.search(r"\schecked", tag)
        if "name" in found and ticked:
            sent.appendlist(unescape(found["name"]), unescape(found.get("value", "")))
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected>', inner) or re.search(
            r"<option selected>([^<]*)<", inner
        )
        first = re.search(r'<option value="([^"]*)"', inner)
        sent.appendlist(name, unescape(chosen[1] if chosen else first[1] if first else "<"))
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        sent.appendlist(name, unescape(inner))
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def form_of(client: Client, kind: str) -> QueryDict:
    return fields_of(client.get(f"/health/rules/{kind}/edit/").content.decode())


def post(client: Client, kind: str, sent: QueryDict, **headers: str) -> Any:
    return client.post(
        f"/health/rules/{kind}/edit/",
        sent.urlencode(),
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )


@pytest.mark.parametrize("kind", ["causes", "tiers"])
def test_the_form_sent_untouched_changes_nothing(client: Client, kind: str) -> None:
    sent = form_of(client, kind)
    body = default_body(kind, "default")
    assert parse_body(kind, read_rules(kind, body, sent)) == parse_body(kind, body)
    before = find_published(kind, "default")
    assert post(client, kind, sent).status_code == 302
    after = find_published(kind, "default")
    assert before
    assert after
    assert after.version.number == before.version.number


@pytest.mark.parametrize("kind", ["causes", "tiers"])
def test_an_empty_form_keeps_the_body(kind: str) -> None:
    body = default_body(kind, "default")
    assert read_rules(kind, body, QueryDict("")) == body


def test_a_rule_is_changed_added_and_removed(client: Client) -> None:
    sent = form_of(client, "causes")
    sent["rule:disconnection.single_thread:strength"] = "40"
    sent["rule:downturn.orders_shrink:remove"] = "1"
    key = "new-rule:disengagement"
    sent.setlist(f"{key}:metric", ["active_users_7", ""])
    sent.setlist(f"{key}:op", ["<=", "<"])
    sent.setlist(f"{key}:value", ["1", ""])
    sent[f"{key}:how"], sent[f"{key}:strength"] = "fixed", "25"
    sent[f"{key}:text:ja"] = "利用者は{value}だけです"
    assert post(client, "causes", sent).status_code == 302
    found = find_published("causes", "default")
    assert found
    causes = {cause.id: {rule.id: rule for rule in cause.rules} for cause in found.body.causes}
    assert causes["disconnection"]["single_thread"].strength == 40
    assert "orders_shrink" not in causes["downturn"]
    added = causes["disengagement"]["active_users_7"]
    assert (added.strength, added.when[0].op, added.when[0].value) == (25, "<=", 1)
    assert found.version.author_id


def test_alerts_and_topics_are_added_with_titles_in_one_language(client: Client) -> None:
    sent = form_of(client, "causes")
    sent.setlist("new-alert:metric", ["mentions_merger", ""])
    sent.setlist("new-alert:op", [">=", "<"])
    sent.setlist("new-alert:value", ["1", ""])
    sent["new-alert:title:ja"], sent["new-alert:text:ja"] = "統合の話", "統合に言及しています"
    sent["new-topic:title:ja"], sent["new-topic:title:en"] = "統合", "Merger"
    sent["new-topic:words"] = "統合、一本化, merge"
    assert post(client, "causes", sent).status_code == 302
    found = find_published("causes", "default")
    assert found
    assert found.body.topics[-1].id == "merger"
    assert found.body.topics[-1].words == ("統合", "一本化", "merge")
    assert found.body.alerts[-1].title == {"en": "統合の話", "ja": "統合の話"}


def test_a_mistake_stands_at_its_rule_and_nothing_entered_is_lost(client: Client) -> None:
    sent = form_of(client, "causes")
    sent["rule:disengagement.few_users:strength"] = "140"
    sent["rule:downturn.layoffs:text:en"] = "Says that money is short"
    answer = post(client, "causes", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    rule = page[page.index('name="rule:disengagement.few_users:how"') :]
    assert "140 は0から100の間ではありません" in rule[: rule.index("</details>")]
    assert "Says that money is short" in page
    assert "causes[" not in page


def test_the_preview_says_whom_a_change_concerns_and_saves_nothing(client: Client, world: World) -> None:
    sent = form_of(client, "causes")
    sent.setlist("alert:use_stopped:value", ["0", "0", ""])
    answer = post(client, "causes", sent, **{"HX-Request": "true"})
    assert answer.status_code == 200
    rows = answer.context["effect"]["rows"]
    assert [row["title"].ja for row in rows] in ([], ["利用の停止"])
    assert answer.context["effect"]["changes"]
    found = find_published("causes", "default")
    assert found
    assert found.version.number == 1


def test_each_count_leads_to_exactly_the_customers_it_counts(world: World) -> None:
    """Those of an alert and of a cause's rule, in scope, former customers left out like in the count."""
    AccountState.objects.filter(account__in=[world.acme, world.fuji, world.sakura]).update(
        metrics={"days_overdue": 45}
    )
    AccountState.objects.filter(account=world.sakura).update(stage="churned")
    cause, rule = next(
        (cause.id, rule)
        for cause in get_causes().causes
        for rule in cause.rules
        if [one.metric for one in rule.when] == ["days_overdue"]
    )
    for member, seen in ((world.suzuki, {world.acme, world.fuji}), (world.smith, {world.acme})):
        client = sign_in(member)
        page = client.get("/health/rules/causes/").content.decode()
        for key in ("alert:payment_late", f"rule:{cause}.{rule.id}"):
            address = reverse("health-rule-holding", args=[key])
            assert re.search(rf'href="{re.escape(address)}">{len(seen)}</a>', page), key
            answer = client.get(address)
            assert set(answer.context["accounts"]) == seen
            assert str(answer.context["when"]) in answer.content.decode()
    assert reverse("health-rule-holding", args=["alert:use_stopped"]) not in page
    assert sign_in(world.smith).get(reverse("health-rule-holding", args=["alert:gone"])).status_code == 404


def test_tiers_are_renamed_added_and_cut_elsewhere(client: Client) -> None:
    sent = form_of(client, "tiers")
    sent["tier:high:share"] = "40"
    sent["new-tier:title:ja"], sent["new-tier:title:en"] = "コミュニティ", "Community"
    sent["new-tier:share"], sent["new-tier:minutes_per_month"] = "", "2"
    sent["new-tier-rule:title:ja"] = "製造は手厚く"
    sent["new-tier-rule:tier"], sent["new-tier-rule:attribute"] = "high", "industry"
    sent["new-tier-rule:values"] = "製造、精密"
    answer = post(client, "tiers", sent, **{"HX-Request": "true"})
    tiers = answer.context["effect"]["tiers"]
    assert sum(row["before"] for row in tiers) == sum(row["after"] for row in tiers) > 0
    assert post(client, "tiers", sent).status_code == 302
    found = find_published("tiers", "default")
    assert found
    assert [tier.id for tier in found.body.tiers] == ["high", "low", "tech", "community"]
    assert found.body.tiers[0].up_to_share == 0.4
    assert found.body.rules[0].values == ("製造", "精密")
    assert "コミュニティ" in client.get("/health/rules/tiers/").content.decode()


def test_shares_that_do_not_reach_the_whole_are_refused_in_the_readers_language(
    client: Client, world: World
) -> None:
    sent = form_of(client, "tiers")
    sent["tier:tech:share"] = "90"
    for language, words in (("ja", "最後を1に"), ("en", "the last must be 1")):
        Member.objects.filter(pk=world.suzuki.pk).update(language=language)
        answer = post(client, "tiers", sent)
        assert answer.status_code == 422
        assert words in answer.content.decode()


def test_the_effect_of_tiers_is_counted_among_those_one_sees(world: World) -> None:
    body = parse_body("tiers", default_body("tiers", "default"))
    everyone = compare_tiers(world.suzuki, body, body)
    assert sum(line["after"] for line in everyone) > 1
    Member.objects.filter(pk=world.suzuki.pk).update(scope="own")
    alone = Member.objects.get(pk=world.suzuki.pk)
    assert not visible_accounts(alone).exists()
    assert {(line["before"], line["after"], line["mrr"]) for line in compare_tiers(alone, body, body)} == {
        (0, 0, 0)
    }


def test_only_managers_and_administrators_edit(world: World) -> None:
    for member in (world.takahashi, world.ito, world.watanabe):
        client = Client()
        client.force_login(member)
        assert client.get("/health/rules/causes/edit/").status_code == 403
        assert client.post("/health/rules/tiers/edit/", {SENT: "1"}).status_code == 403


@pytest.mark.parametrize("text", ["[" * 20_000, "{a: " * 5_000])
def test_a_text_nested_without_end_is_refused_with_words(client: Client, text: str) -> None:
    address = reverse("health-rules-text", args=["causes"])
    answer = client.post(address, {"text": text, "act": "check"}, headers={"Accept": "application/json"})
    assert answer.status_code < 500
    file = SimpleUploadedFile("a.yaml", text.encode())
    assert client.post(reverse("health-definitions-import"), {"file": file}).status_code == 200


def test_a_zip_locked_with_a_password_is_refused_with_words(client: Client) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.yaml", "kind: causes")
    locked = bytearray(buffer.getvalue())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + flags] |= 1
    answer = client.post(
        reverse("health-definitions-import"),
        {"file": SimpleUploadedFile("a.zip", bytes(locked))},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 400
    assert "パスワード" in answer.json()["message"]


def test_the_versions_of_rules_tell_what_changed_and_an_earlier_one_comes_back(client: Client) -> None:
    sent = form_of(client, "tiers")
    sent["general:minimum_days"] = "45"
    assert post(client, "tiers", sent).status_code == 302
    address = reverse("health-rules-versions", args=["tiers"])
    assert address in client.get(reverse("health-rules-edit", args=["tiers"])).content.decode()
    page = client.get(address).content.decode()
    assert "30 → 45" in page
    assert "Enishi</p>" not in page, "the shipped version does not name its author twice"
    answer = client.post(reverse("health-rules-rollback", args=["tiers"]), {"number": "1"})
    assert answer.status_code == 302
    assert get_tiers().minimum_days == 30


def test_rules_of_one_mark_are_named_in_the_form(client: Client) -> None:
    sent = form_of(client, "causes")
    assert sent["rule:disengagement.slide:witness"] == "fall"
    sent["rule:disengagement.slide:witness"] = ""
    assert post(client, "causes", sent).status_code == 302
    rules = {rule.id: rule for cause in get_causes().causes for rule in cause.rules}
    assert (rules["slide"].witness, rules["falling"].witness) == ("", "fall")


@pytest.mark.parametrize("stray", ["[", "{", "- ", "? "])
def test_stray_brackets_are_refused_before_they_are_read(stray: str) -> None:
    with pytest.raises(EnishiError, match="nested too deeply"):
        read_text(stray * 50_000, "tiers")
