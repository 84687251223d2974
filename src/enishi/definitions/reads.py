"""The definitions in force."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml
from django.db.models import Q, QuerySet

from enishi.definitions.contracts import Causes, Names, Scorecard, Stages, Tiers
from enishi.definitions.models import Definition, DefinitionVersion
from enishi.definitions.rules import KINDS, parse_body
from enishi.kit.errors import NotFound
from enishi.kit.text import Text

DEFAULT_FOLDER = "defaults"

# What was read of each kind while one request runs; None outside of one.
_remembered: ContextVar[dict[str, list[Published]] | None] = ContextVar("definitions", default=None)


@contextmanager
def definitions_remembered() -> Iterator[None]:
    """Read the definitions in force of a kind at most once inside this block: one request that only
    shows."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


@dataclass(frozen=True, slots=True)
class Published:
    """A definition in force with its typed body."""

    slug: str
    version: DefinitionVersion
    body: Any

    @property
    def title(self) -> Text:
        title = getattr(self.body, "title", None) or (
            self.body.get("title") if isinstance(self.body, dict) else ""
        )
        return Text.parse(title or self.slug)


def default_bodies() -> list[tuple[str, str, dict[str, Any]]]:
    """(kind, slug, body) of every definition that ships with Enishi; the caller's own copies."""
    return deepcopy(_as_shipped())


@cache
def _as_shipped() -> list[tuple[str, str, dict[str, Any]]]:
    folder = resources.files("enishi.definitions") / DEFAULT_FOLDER
    found = []
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            document = yaml.safe_load(file.read_text(encoding="utf-8"))
            kind = document.pop("kind")
            found.append((kind, document.pop("slug"), document))
    return found


def default_body(kind: str, slug: str) -> dict[str, Any]:
    """A shipped body by name, the caller's own copy; KeyError if there is none."""
    for found_kind, found_slug, body in _as_shipped():
        if (found_kind, found_slug) == (kind, slug):
            return deepcopy(body)
    raise KeyError(f"{kind}/{slug}")


def list_versions(kind: str, slug: str) -> QuerySet[DefinitionVersion]:
    """Every version of one definition, newest first."""
    return DefinitionVersion.objects.filter(definition__kind=kind, definition__slug=slug).select_related(
        "definition", "author"
    )


def list_published(kind: str) -> list[Published]:
    """What is in force of a kind, by slug; retired definitions left out."""
    memory = _remembered.get()
    if memory is None:
        return _read_published(kind)
    if kind not in memory:
        memory[kind] = _read_published(kind)
    return list(memory[kind])


def _read_published(kind: str) -> list[Published]:
    rows = DefinitionVersion.objects.filter(
        Q(definition__kind=kind, status=DefinitionVersion.Status.PUBLISHED), definition__retired_at=None
    ).select_related("definition")
    ordered = sorted(rows, key=lambda row: row.definition.slug)
    return [Published(row.definition.slug, row, _typed(row, kind)) for row in ordered]


_parsed: dict[tuple[int, str], Any] = {}


def _typed(row: DefinitionVersion, kind: str) -> Any:
    """A published body never changes, so each is parsed once (per body, since tests reuse numbers)."""
    key = (row.pk, json.dumps(row.body, sort_keys=True))
    if key not in _parsed:
        if len(_parsed) > 200:
            _parsed.clear()
        _parsed[key] = parse_body(kind, row.body)
    return _parsed[key]


def find_published(kind: str, slug: str) -> Published | None:
    return next((entry for entry in list_published(kind) if entry.slug == slug), None)


def list_scorecards() -> list[Published]:
    """Scorecards in force, the one that wins first."""
    return sorted(list_published("scorecard"), key=lambda entry: (entry.body.priority, entry.slug))


def get_causes() -> Causes:
    """The rules of causes and alerts in force; the shipped ones where none are published."""
    found = list_published("causes")
    return found[0].body if found else _shipped("causes")


def get_tiers() -> Tiers:
    """The tiers in force; the shipped ones where none are published."""
    found = list_published("tiers")
    return found[0].body if found else _shipped("tiers")


def get_stages() -> Stages:
    """The rule of lifecycle stages in force; the shipped one where none is published."""
    found = list_published("stages")
    return found[0].body if found else _shipped("stages")


def get_names() -> Names:
    """How events and products are called, as published; the shipped names where none are."""
    found = list_published("names")
    return found[0].body if found else _shipped("names")


def get_fit() -> Published | None:
    """The axes of fit in force; None where all were taken out of force or the defaults were never installed."""
    found = list_published("fit")
    return found[0] if found else None


def list_custom_metrics() -> dict[str, dict[str, Any]]:
    """Bodies of the company's own metrics in force, by metric id."""
    return {entry.slug: dict(entry.body) for entry in list_published("metric")}


def known_metrics() -> set[str]:
    """Every metric id a definition may name."""
    from enishi.metrics.api import REGISTRY

    return set(REGISTRY) | set(list_custom_metrics())


def metric_titles() -> dict[str, Text]:
    """What every metric a definition may name is called, by id."""
    from enishi.metrics.api import REGISTRY

    own = {entry.slug: entry.title for entry in list_published("metric")}
    return {name: metric.title for name, metric in REGISTRY.items()} | own


def get_definition(kind: str, slug: str) -> Definition:
    """One definition; :class:`NotFound` if there is none."""
    found = Definition.objects.filter(kind=kind, slug=slug).first()
    if found is None:
        raise NotFound(
            "unknown_definition",
            Text(f"There is no {kind} '{slug}'.", f"「{kind}/{slug}」という定義はありません。"),
            Text(f"Kinds are {', '.join(KINDS)}.", f"種類は {'、'.join(KINDS)} です。"),
        )
    return found


def get_default_scorecard() -> Scorecard:
    """The shipped scorecard, typed."""
    return _shipped("scorecard")


@cache
def _shipped(kind: str) -> Any:
    return parse_body(kind, default_body(kind, "default"))
