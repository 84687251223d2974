"""The desk: items are found, corrected, taken in, discarded and brought back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, Member, Record
from enishi.ingest.api import open_inbox
from enishi.ingest.files.importing import import_file
from enishi.ingest.models import Reject
from enishi.kit.home import Home
from enishi.store.kinds import ACCOUNT

NOW = datetime(2026, 4, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path / "home"))
    client = Client()
    client.force_login(Member.objects.create_user("ops@vendor.example", role="manager", scope="all"))
    return client


@pytest.fixture
def orders(client, tmp_path):
    """A file whose accounts are not there yet."""
    path = tmp_path / "注文.csv"
    path.write_text(
        "注文番号,顧客コード,注文日時,金額\n1,A-1,2026/1/5,1000\n2,A-1,2026/1/6,2000\n3,A-2,2026/1/7,高い\n"
    )
    return import_file(Home(tmp_path / "home"), path, "order", actor="test", now=NOW)[0]


def message(n=1, **more):
    return Reject.objects.create(
        kind="event", source="web", origin="inbox:1", position=n, payload=json.dumps({"event": "", "userId": "u", **more}),
        reason="missing_event", message_en="No event.", message_ja="イベント名がありません。", place="$.event",
        context={"origin": {"route": "track", "source": "web"}, "received_us": int(NOW.timestamp() * 1e6)},
    )  # fmt: skip


def test_the_empty_desk_says_so(client):
    assert client.get(reverse("rejects")).status_code == 200


def test_after_the_accounts_came_the_whole_pile_is_tried_again(client, orders):
    text = client.get(reverse("rejects")).content.decode()
    assert "A-1" in text
    save_records(
        ACCOUNT,
        [{"id": "A-1", "name": "A"}, {"id": "A-2", "name": "B"}],
        source="product",
        actor="t",
        now=NOW,
    )
    client.post(reverse("rejects-many") + "?kind=order", {"all": "1", "verb": "replay"})
    assert set(Record.objects.values_list("outside_id", flat=True)) == {"1", "2"}
    left = Reject.objects.get(status="open")
    page = client.get(reverse("reject", args=[left.pk])).content.decode()
    assert "高い" in page
    cells = {"cell-0": "3", "cell-1": "A-2", "cell-2": "2026/1/7", "cell-3": "3千円"}
    client.post(reverse("reject-replay", args=[left.pk]), cells)
    assert Record.objects.get(outside_id="3").data["amount"] == "3000"


def test_a_message_is_corrected_and_goes_to_the_inbox(client):
    reject = message()
    page = reverse("reject-replay", args=[reject.pk])
    still = client.post(page, {"payload": '{"event": "", "userId": "u"}'})
    assert still.status_code == 422
    assert client.post(page, {"payload": "{oops"}).status_code == 422
    client.post(
        page, {"payload": json.dumps({"event": "Login", "userId": "u", "timestamp": "2026-03-31T00:00:00Z"})}
    )
    reject.refresh_from_db()
    assert reject.status == "replayed"


def test_a_message_is_corrected_by_its_names_and_keeps_the_rest_as_it_came(client):
    reject = message(properties={"seats": 3, "paid": True, "note": "a\nb", "tags": ["x"]}, event="")
    page = client.get(reverse("reject", args=[reject.pk])).content.decode()
    assert page.count("at-fault") == 1
    assert 'name="cell:[&quot;event&quot;]" value="" aria-invalid="true"' in page
    entered = {
        'cell:["event"]': "Login",
        'cell:["userId"]': "u",
        'cell:["properties", "seats"]': "4",
        'cell:["properties", "note"]': "a\r\nb",
        'cell:["nowhere"]': "not asked for",
    }
    done = client.post(reverse("reject-replay", args=[reject.pk]), entered)
    assert done.status_code == 302
    body = open_inbox(Home.from_environment()).take(0, 100_000)[0].body
    item = json.loads(body)["batch"][0]
    assert (item["event"], item["userId"]) == ("Login", "u")
    assert item["properties"] == {"seats": 4, "paid": True, "note": "a\nb", "tags": ["x"]}
    assert "nowhere" not in item


def test_a_message_that_is_still_wrong_keeps_what_was_entered_before_the_reader(client):
    reject = message(traits={"plan": "gold"})
    entered = {'cell:["event"]': "", 'cell:["traits", "plan"]': "silver"}
    page = client.post(reverse("reject-replay", args=[reject.pk]), entered)
    assert page.status_code == 422
    assert 'value="silver"' in page.content.decode()
    reject.refresh_from_db()
    assert json.loads(reject.payload)["traits"] == {"plan": "gold"}


def test_the_list_shows_names_and_values_those_at_fault_first_and_long_ones_short(client):
    message(anonymousId="n" * 300, properties={f"p{n}": n for n in range(5)})
    page = client.get(reverse("rejects")).content.decode()
    assert page.index("<dt>event</dt>") < page.index("<dt>userId</dt>")
    assert ">properties.p1</dt>" in page
    assert "n" * 41 not in page
    assert "&quot;" not in page[page.index('class="cells"') : page.index("</dl>")]
    assert "ほか3項目" in page


def test_what_is_no_object_is_shown_as_it_came(client):
    reject = message()
    Reject.objects.update(payload="[oops")
    assert "[oops" in client.get(reverse("rejects")).content.decode()
    assert "[oops</textarea>" in client.get(reverse("reject", args=[reject.pk])).content.decode()


def test_items_are_searched_narrowed_and_discarded_with_a_way_back(client, orders):
    first, second = message(1), message(2, name="探し物")
    found = client.get(reverse("rejects"), {"q": "探し物"}).content.decode()
    assert reverse("reject", args=[second.pk]) in found
    assert reverse("reject", args=[first.pk]) not in found
    client.post(reverse("rejects-many"), {"pick": [first.pk, second.pk], "verb": "discard"})
    assert Reject.objects.filter(status="discarded").count() == 2
    client.post(reverse("rejects-reopen") + f"?items={first.pk},{second.pk}")
    assert Reject.objects.filter(status="open", kind="event").count() == 2
    client.post(reverse("reject-discard", args=[first.pk]))
    assert (
        reverse("reject", args=[first.pk])
        in client.get(reverse("rejects"), {"status": "discarded"}).content.decode()
    )
    assert client.get(reverse("reject", args=[first.pk])).status_code == 200


def test_a_heap_names_the_most_frequent_of_its_messages(client, tmp_path):
    rows = "".join(
        f"{n},A1,{score},2026-03-01\n" for n, score in enumerate(["", "", "9/10", "11", "12", "13"])
    )
    path = tmp_path / "answers.csv"
    path.write_text(f"id,account,score,answered_on\n{rows}")
    save_records(ACCOUNT, [{"id": "A1", "name": "一番"}], source="product", actor="t", now=NOW)
    options = {"constants": {"measure": "nps"}, "actor": "t", "now": NOW}
    import_file(Home.from_environment(), path, "survey_answer", **options)
    page = client.get(reverse("rejects")).content.decode()
    heap = page[page.index('id="reasons"') :]
    heap = heap[: heap.index("</tr>", heap.index("<tbody"))]
    assert "点数: 入力されていません。" in heap
    assert heap.count("<br><small") == 4  # two further messages, the rest, the source
    assert "値の異なるもの2件" in heap


def test_traits_that_did_not_fit_are_saved_once_corrected(client):
    save_records(ACCOUNT, [{"id": "g", "name": "G"}], source="product", actor="t", now=NOW)
    reject = Reject.objects.create(
        kind="account", source="web", origin="traits:account:g", position=0, payload='{"id": "g", "employees": "many"}',
        reason="bad_trait", message_en="x", message_ja="x",
    )  # fmt: skip
    page = reverse("reject-replay", args=[reject.pk])
    assert client.post(page, {"payload": reject.payload}).status_code == 422
    client.post(page, {"payload": '{"id": "g", "employees": 5}'})
    assert Account.objects.get().employees == 5


@pytest.mark.parametrize("scope", ["own", "team"])
def test_who_does_not_see_all_accounts_opens_neither_the_desk_nor_the_imports(client, orders, scope):
    reject = Reject.objects.first()
    client.force_login(Member.objects.create_user("own@vendor.example", role="manager", scope=scope))
    number = reject.context["import"]
    for address in (
        reverse("rejects"),
        reverse("reject", args=[reject.pk]),
        reverse("imports"),
        reverse("import", args=[number]),
        reverse("import-rejected", args=[number]),
    ):
        answer = client.get(address)
        assert answer.status_code == 403, address
        assert "A-1" not in answer.content.decode()
    client.post(reverse("reject-discard", args=[reject.pk]))
    reject.refresh_from_db()
    assert reject.status == "open"


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900])
def test_what_no_program_can_read_is_looked_at_all_the_same(client, value):
    reject = message()
    Reject.objects.update(payload=f'{{"event":"x","userId":"u","properties":{{"n":{value}}}}}')
    assert client.get(reverse("rejects")).status_code == 200
    page = client.get(reverse("reject", args=[reject.pk]))
    assert (page.status_code, value[:50] in page.content.decode().replace("&quot;", '"')) == (200, True)
    client.post(reverse("reject-replay", args=[reject.pk]), {"payload": Reject.objects.get().payload})
    assert Reject.objects.get().status == "open"
