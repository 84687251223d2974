"""The file is exactly the view: same rows, same order, same scope, in the reader's words."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook
from tests.world import NOW, World, make_world

from enishi.accounts.models import Account, AuditLine, Member
from enishi.ingest.files.importing import import_file
from enishi.ingest.files.own import LIST_FIELDS
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.home import Home
from enishi.web.models import Export
from enishi.web.pages.portfolio import exports
from enishi.web.pages.portfolio.columns import BY_KEY, known_keys
from enishi.web.pages.portfolio.query import read_query

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    cache.clear()
    return make_world()


def order(member: Member, text: str, file_format: str = "csv", rows: int = 6, language: str = "ja") -> Export:
    return exports.ask_export(member, read_query(QueryDict(text), known_keys()), file_format, rows, language)


def lines(export: Export, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export.path.read_bytes().decode(encoding))))


def test_a_file_holds_the_view_in_its_order_and_columns(world: World) -> None:
    made = order(world.suzuki, "band=red&sort=mrr&cols=score,mrr,cause", language="en")
    rows = lines(made)
    assert [row["Account"] for row in rows] == ["Acme Corporation", "株式会社さくら商事", "浪速物産株式会社"]
    assert rows[0]["MRR (JPY)"] == "500000"
    assert list(rows[0]) == [
        "Outside id",
        "Id system",
        "Account",
        "Band",
        "Health",
        "MRR (JPY)",
        "Main cause",
        "Band set",
    ]
    assert rows[0]["Health"] == "41"
    assert (made.status, made.rows) == ("done", 3)


def test_a_file_never_holds_more_than_the_member_may_see(world: World) -> None:
    assert [row["Account"] for row in lines(order(world.smith, "", language="en"))] == ["Acme Corporation"]


def test_a_change_of_scope_before_the_job_counts(world: World) -> None:
    made = order(world.suzuki, "", rows=exports.AT_ONCE + 1, language="en")
    assert made.status == "queued"
    Member.objects.filter(pk=world.suzuki.pk).update(scope="own")
    exports.export_portfolio.func(made.pk)
    made.refresh_from_db()
    assert (made.status, made.rows) == ("done", 0)


def test_cp932_and_excel(world: World) -> None:
    text = lines(order(world.suzuki, "band=green", "cp932"), "cp932")
    assert next(iter(text[0].values())).startswith("acc-")
    sheet = CalamineWorkbook.from_path(
        str(order(world.suzuki, "band=green", "xlsx").path)
    ).get_sheet_by_index(0)
    assert sheet.to_python()[1][2] == "北斗情報システム株式会社"


@pytest.mark.parametrize(("language", "form"), [("ja", "csv"), ("en", "xlsx")])
def test_a_list_that_comes_back_changes_nothing_and_edited_only_what_was_edited(
    world: World, language: str, form: str
) -> None:
    Account.objects.filter(pk=world.acme.pk).update(source="product", industry="=quoted", employees=120)
    namesake = Member.objects.create(email="twin@enishi.example", family_name="荒井", given_name="健司")
    left = Member.objects.create(
        email="left@enishi.example", family_name="荒井", given_name="健司", is_active=False
    )
    Account.objects.filter(pk=world.acme.pk).update(owner=left)
    made = order(world.suzuki, f"cols={','.join(BY_KEY)}", form, language=language)
    if form == "csv":
        assert "left@enishi.example" in made.path.read_text(
            "utf-8-sig"
        )  # the name would lead to the namesake
        assert namesake.full_name not in made.path.read_text("utf-8-sig")
    home = Home.from_environment()
    back, tally = import_file(home, made.path, "", actor="test", now=NOW)
    assert set(back.plan["columns"]) == set(LIST_FIELDS)
    assert tally.counts == {"created": 0, "updated": 0, "unchanged": made.rows, "rejected": 0}
    assert (tally.warnings, {remark.code for remark in tally.remarks}) == ({}, {"own_list"})
    if form == "csv":
        path = made.path.with_name("edited.csv")
        path.write_bytes(made.path.read_bytes().replace(b"'=quoted", "新業種".encode()))
        _back, tally = import_file(home, path, "account", actor="test", now=NOW)
        assert (tally.counts["updated"], Account.objects.get(industry="新業種")) == (1, world.acme)


def test_what_cannot_be_written_is_refused_before_a_job_starts(world: World) -> None:
    with pytest.raises(EnishiError) as refusal:
        order(world.suzuki, "", "xlsx", rows=2_000_000)
    assert refusal.value.code == "too_many_rows"
    with pytest.raises(EnishiError, match="not a format"):
        order(world.suzuki, "", "pdf")


def test_an_export_is_audited_and_fetched_by_its_owner_alone(world: World) -> None:
    made = order(world.suzuki, "band=red")
    line = AuditLine.objects.get(verb="portfolio_exported")
    assert (line.member, line.detail["view"]) == (world.suzuki, "band=red")
    assert exports.access_export(world.suzuki, made.pk) == made
    with pytest.raises(NotFound):
        exports.access_export(world.sato, made.pk)


def test_files_go_after_a_week(world: World) -> None:
    old, new = order(world.suzuki, "band=red"), order(world.suzuki, "band=green")
    Export.objects.filter(pk=old.pk).update(asked_at=timezone.now() - timedelta(days=8))
    assert exports.delete_old_exports(timezone.now()) == 1
    assert not old.path.exists()
    assert new.path.exists()


def test_a_file_made_under_a_wider_scope_is_not_given_out_any_more(world: World) -> None:
    made = order(world.suzuki, "")
    client = Client()
    client.force_login(world.suzuki)
    fetched = client.get(f"/accounts/exports/{made.pk}/file/")
    for close in fetched._resource_closers:  # `fetched.close()` would end the test's connection too
        close()
    assert fetched.status_code == 200
    assert AuditLine.objects.get(verb="export_fetched").target_id == str(made.pk)
    Member.objects.filter(pk=world.suzuki.pk).update(scope="own")
    assert client.get(f"/accounts/exports/{made.pk}/file/").status_code == 404
    assert client.get(f"/accounts/exports/{made.pk}/").status_code == 404


def test_a_file_goes_with_the_customers_that_are_handed_over(world: World) -> None:
    """Role, scope and team stay what they were; the customers in it do not."""
    made = order(world.smith, "", language="en")
    assert exports.access_export(world.smith, made.pk) == made
    none = order(world.smith, "band=unknown", language="en")
    acme = world.accounts["acme"]
    Account.objects.filter(pk=acme.pk).update(owner=world.suzuki)
    with pytest.raises(NotFound):
        exports.access_export(world.smith, made.pk)
    client = Client()
    client.force_login(world.smith)
    assert client.get(f"/accounts/exports/{made.pk}/file/").status_code == 404
    assert exports.access_export(world.smith, none.pk).rows == 0
    Account.objects.filter(pk=acme.pk).update(owner=world.smith)
    assert exports.access_export(world.smith, made.pk) == made


def test_a_file_stays_when_one_of_its_customers_is_merged_or_deleted(world: World) -> None:
    made, acme = order(world.smith, "", language="en"), world.accounts["acme"]
    Account.objects.filter(pk=acme.pk).update(deleted_at=timezone.now())
    assert exports.access_export(world.smith, made.pk) == made
