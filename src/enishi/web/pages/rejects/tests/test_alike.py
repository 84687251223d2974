"""Many items are corrected alike: tried with examples, applied as tried, kept and forgotten."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from enishi.accounts.actions import save_records
from enishi.accounts.models import Member, Record
from enishi.ingest import mending
from enishi.ingest.files.importing import import_file
from enishi.ingest.models import Correction, Reject
from enishi.kit.home import Home
from enishi.store.kinds import ACCOUNT

NOW = datetime(2026, 4, 1, tzinfo=UTC)
PILE = {"kind": "subscription", "source": "契約.csv", "reason": "row_rejected", "place": "請求間隔"}
VALUES = {**PILE, "act": "values", "from-0": "隔週", "to-0": "month"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path / "home"))
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(
        Member.objects.create_user("ops@vendor.example", role="manager", scope="all", language="en")
    )
    return client


@pytest.fixture
def rejects(client, tmp_path):
    """Three contracts billed in a way nobody knows; one has no day either."""
    save_records(ACCOUNT, [{"id": "A-1", "name": "甲"}], source="product", actor="t", now=NOW)
    path = tmp_path / "契約.csv"
    rows = ["1,A-1,2024/4/1,1000,隔週", "2,A-1,2024/4/2,1000,隔週", "3,A-1,いつか,1000,隔週"]
    path.write_text("契約番号,顧客コード,開始日,月額,請求間隔\n" + "\n".join(rows) + "\n")
    import_file(Home(tmp_path / "home"), path, "subscription", actor="t", now=NOW)
    return list(Reject.objects.order_by("pk"))


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\w*)"', page)
    assert found
    return found[1]


def test_the_desk_leads_to_the_form_and_the_form_offers_what_fits(client, rejects):
    desk = client.get(reverse("rejects")).content.decode()
    assert reverse("rejects-alike") in desk
    assert reverse("rejects-alike") in client.get(reverse("reject", args=[rejects[0].pk])).content.decode()
    page = client.get(reverse("rejects-alike"), PILE).content.decode()
    assert "隔週" in page
    assert '<option value="month">' in page
    dates = client.get(reverse("rejects-alike"), {**PILE, "place": "開始日"}).content.decode()
    assert 'name="order"' in dates
    assert 'name="to"' in client.get(reverse("rejects-alike"), {**PILE, "act": "name"}).content.decode()
    assert client.get(reverse("rejects-alike"), {**PILE, "kind": "order"}).status_code == 302


def test_what_is_tried_is_counted_and_shown_and_only_that_is_applied(client, rejects):
    page = client.post(reverse("rejects-alike-try"), VALUES).content.decode()
    assert "2 of 3 items could be taken in" in page
    assert "1 would be mended here" in page
    assert page.count("can be taken in") == 2
    assert "いつか" in page
    assert not Record.objects.exists()
    again = client.post(reverse("rejects-alike-apply"), {**VALUES, "to-0": "year", "seen": seen(page)})
    assert again.status_code == 200
    assert not Record.objects.exists()
    done = client.post(reverse("rejects-alike-apply"), {**VALUES, "seen": seen(page), "keep": "1"})
    made = Correction.objects.get()
    assert done.headers["Location"] == reverse("correction", args=[made.pk])
    assert Record.objects.count() == 2
    assert "kept for files with the same headings" in client.get(done.headers["Location"]).content.decode()
    assert reverse("correction-forget", args=[made.pk]) in client.get(reverse("rejects")).content.decode()
    client.post(reverse("correction-forget", args=[made.pk]))
    assert reverse("correction-forget", args=[made.pk]) not in client.get(reverse("rejects")).content.decode()


def test_a_form_that_says_nothing_is_asked_again(client, rejects):
    assert client.post(reverse("rejects-alike-try"), {**PILE, "act": "values"}).status_code == 422
    name = {**PILE, "act": "name", "name": "月額", "to": "nowhere"}
    assert client.post(reverse("rejects-alike-apply"), name).status_code == 422


def test_many_are_applied_in_the_background_with_progress(client, rejects, monkeypatch):
    monkeypatch.setattr(mending, "AT_ONCE", 1)
    page = client.post(reverse("rejects-alike-try"), VALUES).content.decode()
    done = client.post(reverse("rejects-alike-apply"), {**VALUES, "seen": seen(page)})
    made = Correction.objects.get()
    progress = reverse("correction-progress", args=[made.pk])
    assert progress in client.get(done.headers["Location"]).content.decode()
    assert "hx-get" in client.get(progress).content.decode()
    mending.mend_job.call(made.pk)
    assert client.get(progress).headers["HX-Redirect"] == done.headers["Location"]
    shown = client.get(done.headers["Location"]).content.decode()
    assert progress not in shown
    assert "いつか" in shown


def test_one_that_stopped_says_so_and_goes_on_when_asked(client, rejects, monkeypatch):
    def fails(*given, **more):
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(mending, "take_in", fails)
        page = client.post(reverse("rejects-alike-try"), VALUES).content.decode()
        done = client.post(reverse("rejects-alike-apply"), {**VALUES, "seen": seen(page)})
    made = Correction.objects.get()
    shown = client.get(done.headers["Location"]).content.decode()
    assert "stopped at an unexpected error" in shown
    assert reverse("correction-again", args=[made.pk]) in shown
    assert reverse("correction-progress", args=[made.pk]) not in shown
    assert reverse("correction", args=[made.pk]) in client.get(reverse("rejects")).content.decode()
    client.post(reverse("correction-again", args=[made.pk]))
    assert Record.objects.count() == 2
    shown = client.get(done.headers["Location"]).content.decode()
    assert reverse("correction-again", args=[made.pk]) not in shown
    assert reverse("correction", args=[made.pk]) not in client.get(reverse("rejects")).content.decode()


def test_a_row_whose_record_was_saved_since_says_so(client, rejects, tmp_path):
    page = reverse("reject", args=[rejects[0].pk])
    Reject.objects.update(made_at=NOW)
    assert "was saved by another way" not in client.get(page).content.decode()
    path = tmp_path / "訂正.csv"
    path.write_text("契約番号,顧客コード,開始日,月額,請求間隔,備考\n1,A-1,2024/4/1,1000,月,\n")
    import_file(Home(tmp_path / "home"), path, "subscription", actor="t", now=NOW)
    assert "The record “1” was saved by another way" in client.get(page).content.decode()
