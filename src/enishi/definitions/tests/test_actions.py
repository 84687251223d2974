from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from enishi.accounts.models import AuditLine, Member
from enishi.definitions import actions, reads
from enishi.definitions.errors import BadDefinition
from enishi.definitions.models import Definition, DefinitionVersion
from enishi.kit.errors import Conflict, NotFound

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
Status = DefinitionVersion.Status
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The metrics the shipped definitions name."""
    names = {m["metric"] for m in reads.default_body("scorecard", "default")["measures"] if m.get("metric")}
    for module in (actions, reads):
        monkeypatch.setattr(module, "known_metrics", lambda: names | {"champions_gone_90"})


@pytest.fixture
def member() -> Member:
    return Member.objects.create_user("ops@example.jp")


@pytest.fixture
def body() -> dict[str, Any]:
    return copy.deepcopy(reads.default_body("scorecard", "default"))


def test_defaults_are_installed_once() -> None:
    assert len(actions.install_defaults("system", NOW)) == len(reads.default_bodies())
    assert actions.install_defaults("system", NOW) == []
    assert [entry.slug for entry in reads.list_scorecards()] == ["default"]
    assert reads.get_causes().causes
    assert reads.get_tiers().tiers
    assert AuditLine.objects.filter(verb="defaults_installed").count() == 1


def test_without_any_published_the_shipped_rules_hold() -> None:
    assert reads.get_causes().alerts
    assert reads.get_tiers().tiers[0].id == "high"


def test_a_draft_is_kept_beside_the_published_version(member: Member, body: dict[str, Any]) -> None:
    actions.install_defaults("system", NOW)
    body["priority"] = 7
    draft = actions.save_draft("scorecard", "default", body, actor=member, now=NOW, note="try")
    assert (draft.number, draft.status, draft.author) == (2, Status.DRAFT, member)
    assert reads.list_scorecards()[0].body.priority == 100
    body["priority"] = 8
    again = actions.save_draft("scorecard", "default", body, actor=member, now=NOW)
    assert again.pk == draft.pk


def test_publishing_replaces_and_leaves_the_changes_in_the_audit(
    member: Member, body: dict[str, Any]
) -> None:
    actions.install_defaults("system", NOW)
    body["priority"] = 7
    draft = actions.save_draft("scorecard", "default", body, actor=member, now=NOW)
    published = actions.publish(draft, actor=member, now=NOW + timedelta(hours=1))
    assert published.published_at == NOW + timedelta(hours=1)
    found = reads.find_published("scorecard", "default")
    assert found is not None
    assert found.version.number == 2
    assert found.title.ja == "標準ヘルス"
    statuses = dict(reads.list_versions("scorecard", "default").values_list("number", "status"))
    assert statuses == {1: Status.REPLACED, 2: Status.PUBLISHED}
    line = AuditLine.objects.get(verb="definition_published")
    assert line.detail["changes"] == [
        {"place": "priority", "en": "Priority: 100 → 7", "ja": "優先順位:100 → 7"}
    ]
    with pytest.raises(Conflict):
        actions.publish(published, actor=member, now=NOW)


def test_a_bad_body_is_not_kept(member: Member, body: dict[str, Any]) -> None:
    body["measures"][0]["metric"] = "moon_phase"
    with pytest.raises(BadDefinition):
        actions.save_draft("scorecard", "mine", body, actor=member, now=NOW)
    assert not Definition.objects.filter(slug="mine").exists()


def test_roll_back_brings_an_earlier_body_as_a_new_version(member: Member, body: dict[str, Any]) -> None:
    actions.install_defaults("system", NOW)
    original = copy.deepcopy(body)
    body["priority"] = 7
    actions.publish(
        actions.save_draft("scorecard", "default", body, actor=member, now=NOW), actor=member, now=NOW
    )
    back = actions.roll_back("scorecard", "default", 1, actor=member, now=NOW)
    assert (back.number, back.status, back.body) == (3, Status.PUBLISHED, original)
    with pytest.raises(NotFound):
        actions.roll_back("scorecard", "default", 9, actor=member, now=NOW)
    with pytest.raises(NotFound):
        actions.roll_back("scorecard", "nope", 1, actor=member, now=NOW)


def test_discarding_the_only_draft_removes_the_definition(member: Member, body: dict[str, Any]) -> None:
    actions.save_draft("scorecard", "mine", body, actor=member, now=NOW)
    actions.discard_draft("scorecard", "mine", actor=member)
    assert not Definition.objects.filter(slug="mine").exists()


def test_the_last_scorecard_cannot_be_retired(member: Member, body: dict[str, Any]) -> None:
    actions.install_defaults("system", NOW)
    with pytest.raises(Conflict):
        actions.retire("scorecard", "default", actor=member, now=NOW)
    actions.publish(
        actions.save_draft("scorecard", "mine", body, actor=member, now=NOW), actor=member, now=NOW
    )
    actions.retire("scorecard", "default", actor=member, now=NOW)
    assert [entry.slug for entry in reads.list_scorecards()] == ["mine"]


def test_definitions_travel_as_text_files(tmp_path: Path, member: Member) -> None:
    actions.install_defaults("system", NOW)
    written = actions.export_folder(tmp_path)
    shipped = [f"{kind}/{slug}.yaml" for kind, slug, _body in reads.default_bodies()]
    assert [str(path.relative_to(tmp_path)) for path in written] == sorted(shipped)
    results = actions.import_folder(tmp_path, actor=member, now=NOW)
    assert {result.status for result in results} == {"unchanged"}
    file = tmp_path / "scorecard" / "default.yaml"
    file.write_text(file.read_text().replace("priority: 100", "priority: 9"))
    (tmp_path / "broken.yaml").write_text("kind: [")
    (tmp_path / "other.json").write_text('{"kind": "wish"}')
    dry = actions.import_folder(tmp_path, actor=member, now=NOW, dry_run=True)
    assert sorted(result.status for result in dry) == [
        "changed",
        "refused",
        "refused",
        *["unchanged"] * (len(shipped) - 1),
    ]
    assert DefinitionVersion.objects.count() == len(shipped)
    actions.import_folder(tmp_path, actor=member, now=NOW, publish_now=True)
    assert reads.list_scorecards()[0].body.priority == 9


def test_a_metric_is_known_by_its_own_id(member: Member) -> None:
    metric = {
        "id": "exports_28",
        "title": {"en": "Exports", "ja": "出力"},
        "type": "count",
        "events": ["Export Made"],
    }
    with pytest.raises(BadDefinition) as caught:
        actions.save_draft("metric", "other", metric, actor=member, now=NOW)
    assert "id" in caught.value.fields
    draft = actions.save_draft("metric", "exports_28", metric, actor=member, now=NOW)
    assert reads.list_custom_metrics() == {}
    actions.publish(draft, actor=member, now=NOW)
    assert reads.list_custom_metrics() == {"exports_28": metric}
