"""Drafts, publishing, roll-back, and the way in and out as text files. One verb, one transaction, one audit line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.db.models import Max

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member
from enishi.definitions.compare import changes_between
from enishi.definitions.errors import BadDefinition, Mistake
from enishi.definitions.models import Definition, DefinitionVersion
from enishi.definitions.reads import default_bodies, get_definition, known_metrics
from enishi.definitions.rules import KINDS, parse_body
from enishi.kit.errors import Conflict, EnishiError, NotFound
from enishi.kit.text import Text

Status = DefinitionVersion.Status
Actor = Member | str


@transaction.atomic
def install_defaults(actor: Actor, now: datetime) -> list[DefinitionVersion]:
    """Publish the shipped definitions that this installation has never had; existing ones are left alone."""
    had = set(Definition.objects.values_list("kind", "slug"))
    made = []
    for kind, slug, body in default_bodies():
        if (kind, slug) not in had:
            definition = Definition.objects.create(kind=kind, slug=slug, builtin=True)
            made.append(_add_version(definition, body, actor, now, note="Enishi", status=Status.PUBLISHED))
    if made:
        names = [str(version.definition) for version in made]
        write_audit(actor, "defaults_installed", "definitions", detail={"definitions": names})
    return made


@transaction.atomic
def save_draft(
    kind: str, slug: str, body: dict[str, Any], *, actor: Actor, now: datetime, note: str = ""
) -> DefinitionVersion:
    """Check a body and keep it as the definition's one draft; the published version stays in force.

    Raises:
        BadDefinition: with every mistake and its place; nothing is kept.
    """
    _check_body(kind, slug, body)
    definition, created = Definition.objects.get_or_create(kind=kind, slug=slug)
    draft = definition.versions.filter(status=Status.DRAFT).first()
    if draft is None:
        draft = _add_version(definition, body, actor, now, note=note)
    else:
        draft.body, draft.note, draft.created_at = body, note, now
        draft.author = actor if isinstance(actor, Member) else None
        draft.save()
    detail = {"number": draft.number, "new": created}
    write_audit(actor, "definition_drafted", draft, detail=detail)
    return draft


def _check_body(kind: str, slug: str, body: dict[str, Any]) -> None:
    parse_body(kind, body, None if kind == "metric" else known_metrics())
    if kind == "metric" and body.get("id") != slug:
        text = Text(
            f"The metric's id must be its name, '{slug}'.",
            f"指標のIDは定義名「{slug}」と同じにしてください。",
        )
        raise BadDefinition(kind, [Mistake("id", text)])


@transaction.atomic
def publish(version: DefinitionVersion, *, actor: Actor, now: datetime) -> DefinitionVersion:
    """Put a draft in force; the version before it is kept as replaced."""
    version = DefinitionVersion.objects.select_for_update().select_related("definition").get(pk=version.pk)
    if version.status != Status.DRAFT:
        raise Conflict(
            "not_a_draft",
            Text(
                f"Version {version.number} is {version.status}.",
                f"第{version.number}版は下書きではありません。",
            ),
            Text("Only a draft can be published.", "公開できるのは下書きだけです。"),
        )
    _check_body(version.definition.kind, version.definition.slug, version.body)
    before = version.definition.versions.filter(status=Status.PUBLISHED).first()
    version.definition.versions.filter(status=Status.PUBLISHED).update(status=Status.REPLACED)
    version.status, version.published_at = Status.PUBLISHED, now
    version.save(update_fields=["status", "published_at"])
    Definition.objects.filter(pk=version.definition_id).update(retired_at=None)
    changes = changes_between(version.definition.kind, before.body, version.body) if before else []
    detail = {
        "number": version.number,
        "replaced": before.number if before else None,
        "changes": [{"place": c.place, "en": c.text.en, "ja": c.text.ja} for c in changes],
    }
    write_audit(actor, "definition_published", version, detail=detail)
    return version


@transaction.atomic
def roll_back(kind: str, slug: str, number: int, *, actor: Actor, now: datetime) -> DefinitionVersion:
    """Put an earlier version's body in force again, as a new version. A draft in work is kept."""
    definition = get_definition(kind, slug)
    earlier = definition.versions.filter(number=number).exclude(status=Status.DRAFT).first()
    if earlier is None:
        raise NotFound(
            "unknown_version",
            Text(f"There is no published version {number}.", f"公開済みの第{number}版はありません。"),
        )
    version = _add_version(definition, earlier.body, actor, now, note=f"= v{number}")
    return publish(version, actor=actor, now=now)


@transaction.atomic
def discard_draft(kind: str, slug: str, *, actor: Actor) -> None:
    """Throw the draft away; a definition that was never published goes with it."""
    definition = get_definition(kind, slug)
    definition.versions.filter(status=Status.DRAFT).delete()
    write_audit(actor, "definition_draft_discarded", definition)
    if not definition.versions.exists():
        definition.delete()


@transaction.atomic
def retire(kind: str, slug: str, *, actor: Actor, now: datetime) -> None:
    """Take a definition out of force without losing its versions; the last scorecard stays."""
    definition = get_definition(kind, slug)
    others = Definition.objects.filter(kind=kind, retired_at=None, versions__status=Status.PUBLISHED).exclude(
        pk=definition.pk
    )
    if kind not in ("metric", "offer") and not others.exists():
        raise Conflict(
            "last_definition",
            Text(f"{definition} is the only one of its kind.", f"{definition} はこの種類の最後の一つです。"),
            Text("Publish another one first.", "先に別のものを公開してください。"),
        )
    definition.retired_at = now
    definition.save(update_fields=["retired_at"])
    write_audit(actor, "definition_retired", definition)


def _add_version(
    definition: Definition,
    body: dict[str, Any],
    actor: Actor,
    now: datetime,
    *,
    note: str = "",
    status: str = Status.DRAFT,
) -> DefinitionVersion:
    last = definition.versions.aggregate(last=Max("number"))["last"] or 0
    return DefinitionVersion.objects.create(
        definition=definition,
        number=last + 1,
        body=body,
        note=note,
        status=status,
        author=actor if isinstance(actor, Member) else None,
        created_at=now,
        published_at=now if status == Status.PUBLISHED else None,
    )


# ------------------------------------------------------------------------------------------ text files


@dataclass(frozen=True, slots=True)
class FileResult:
    """What a definitions file led to: ``created``, ``changed``, ``unchanged`` or ``refused``."""

    path: Path
    status: str
    version: DefinitionVersion | None = None
    error: EnishiError | None = None


def as_yaml(kind: str, slug: str, body: dict[str, Any]) -> str:
    """One definition as a text file, its keys in the order they were written."""
    document = {"kind": kind, "slug": slug, **body}
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)


def export_folder(folder: Path) -> list[Path]:
    """Write every definition in force as ``<kind>/<slug>.yaml`` below ``folder``."""
    rows = DefinitionVersion.objects.filter(
        status=Status.PUBLISHED, definition__retired_at=None
    ).select_related("definition")
    written = []
    for row in rows.order_by("definition__kind", "definition__slug"):
        path = folder / row.definition.kind / f"{row.definition.slug}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_yaml(row.definition.kind, row.definition.slug, row.body), encoding="utf-8")
        written.append(path)
    return written


def import_folder(
    folder: Path, *, actor: Actor, now: datetime, publish_now: bool = False, dry_run: bool = False
) -> list[FileResult]:
    """Read every YAML or JSON file below ``folder`` as a draft (or put it in force at once).

    Metrics come first, since scorecards name them. A refused file stops nothing else.
    """
    files = [path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml", ".json")]
    documents = sorted(((_read_document(path), path) for path in files), key=_metrics_first)
    return [
        _import_document(document, path, actor=actor, now=now, publish_now=publish_now, dry_run=dry_run)
        for document, path in documents
    ]


def _metrics_first(entry: tuple[Any, Path]) -> tuple[bool, str]:
    document, path = entry
    return (not (isinstance(document, dict) and document.get("kind") == "metric"), str(path))


def _read_document(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return error
    except RecursionError:
        return ValueError("It is nested too deeply.")


def _import_document(
    document: Any, path: Path, *, actor: Actor, now: datetime, publish_now: bool, dry_run: bool
) -> FileResult:
    try:
        kind, slug, body = _split_document(document, path)
        current = DefinitionVersion.objects.filter(
            definition__kind=kind, definition__slug=slug, status=Status.PUBLISHED
        ).first()
        if current and current.body == body:
            return FileResult(path, "unchanged", current)
        status = "changed" if current else "created"
        if dry_run:
            parse_body(kind, body)
            return FileResult(path, status)
        with transaction.atomic():
            version = save_draft(kind, slug, body, actor=actor, now=now, note=path.name)
            if publish_now:
                version = publish(version, actor=actor, now=now)
        return FileResult(path, status, version)
    except EnishiError as error:
        return FileResult(path, "refused", error=error)


def _split_document(document: Any, path: Path) -> tuple[str, str, dict[str, Any]]:
    if not isinstance(document, dict) or document.get("kind") not in KINDS or not document.get("slug"):
        reason = str(document) if isinstance(document, Exception) else ""
        raise EnishiError(
            "bad_definition_file",
            Text(
                f"{path.name} is not a definition. {reason}".strip(),
                f"{path.name} は定義ファイルとして読めません。{reason}",
            ),
            Text(
                f"It needs 'kind' ({', '.join(KINDS)}) and 'slug'.",
                f"kind({'、'.join(KINDS)})と slug が必要です。",
            ),
        )
    body = {key: value for key, value in document.items() if key not in ("kind", "slug")}
    return str(document["kind"]), str(document["slug"]), body
