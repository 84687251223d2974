"""A line of the audit log in words: who, what was touched, and each detail with its name and value.

The record itself is kept as it was written; :func:`raw_record` shows it to whoever must see it exactly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone

from enishi.accounts.models import AuditLine
from enishi.ingest.files.kinds import EVENT
from enishi.ingest.models import Import, WriteKey
from enishi.kit.text import Text
from enishi.web import words
from enishi.web.actors import WRITE_KEY, names_by_mail, told_actor
from enishi.web.pages.audit.choices import (
    CHOICES,
    DEFINITIONS,
    ENDS,
    KEYS,
    LISTS,
    OF_VERBS,
    PERIOD,
    STANDARD,
    THINGS,
    UNSHOWN,
)
from enishi.web.pages.portfolio.columns import all_columns
from enishi.web.pages.portfolio.orders import order_words

MOST_SHOWN = 5  # of a list; the rest is in the record
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?.*")
_DEFINITION = re.compile(r"(?P<kind>[a-z]+)/(?P<slug>[\w-]+)(?: v(?P<number>\d+))?")
_NOTE = re.compile(r"#(\d+)")
_REJECT = re.compile(r"\w+ import:(\d+)#(\d+): \w*")
_IMPORT = re.compile(r"import (\d+)")
_INTERACTION = re.compile(r"interaction log-\S+")


@dataclass(frozen=True, slots=True)
class Fact:
    """One detail: its name and its value, both in words."""

    title: str
    value: str
    address: str = ""  # of the page that shows what is counted

    def __str__(self) -> str:
        return f"{self.title}: {self.value}"


def imported_files() -> QuerySet[Import]:
    """Files of events, whose lines name them like a write key; not those called like one."""
    return Import.objects.filter(kind=EVENT.name).exclude(name__in=WriteKey.objects.values("name"))


@dataclass
class Reader:
    """Who reads, in which language; the names of members are looked up once."""

    language: str
    _choices: dict[str, dict[str, str]] = field(default_factory=dict)

    def say(self, en: str | Text, ja: str = "") -> str:
        return (en if isinstance(en, Text) else Text(en, ja)).in_language(self.language)

    @cached_property
    def names(self) -> dict[str, str]:
        return names_by_mail()

    @cached_property
    def files(self) -> dict[str, list[tuple[datetime, str]]]:
        """When and by whom files of events were imported, by name."""
        found: dict[str, list[tuple[datetime, str]]] = {}
        for name, at, who in imported_files().order_by("made_at").values_list("name", "made_at", "made_by"):
            found.setdefault(name, []).append((at, who))
        return found

    def choice(self, name: str, value: str) -> str | None:
        """A stored word as its key's list of words has it."""
        if name not in CHOICES:
            return None
        if name not in self._choices:
            self._choices[name] = CHOICES[name](self.language)
        return self._choices[name].get(value)

    def title(self, name: str) -> str:
        return self.say(KEYS.get(name, Text(name.replace("_", " "), name)))

    def join(self, parts: list[str]) -> str:
        return self.say(", ", "、").join(parts)

    # ---- a line's parts ------------------------------------------------------------------------------------------

    def actor(self, line: AuditLine) -> str:
        """A member's name, the key of a program, or Enishi where nobody asked."""
        if line.member:
            return words.person(line.member)
        if who := self._importer(line):
            file = line.actor.removeprefix(WRITE_KEY)
            return self.say(f"{who} (file “{file}”)", f"{who}(ファイル「{file}」)")
        return told_actor(line.actor, self.names, self.language)

    def _importer(self, line: AuditLine) -> str:
        """Who imported the file of events that a line names like a write key."""
        made = [who for at, who in self.files.get(line.actor.removeprefix(WRITE_KEY), ()) if at <= line.at]
        return self.names.get(made[-1].lower(), made[-1]) if made and line.actor.startswith(WRITE_KEY) else ""

    def target(self, line: AuditLine) -> str:
        """What was touched; empty where the customer's column says it."""
        label = line.target_label
        if line.target_kind == "import":
            return label
        if (line.target_kind == "account" and line.account_id) or line.target_kind in UNSHOWN:
            return ""
        if line.target_kind == "member" and line.target_id == str(line.member_id):
            return ""  # somebody's own sign-in or settings
        if line.target_kind == "message":
            return label.rpartition(" to ")[2]
        if line.target_kind.startswith("definition") or line.target_kind in ("", "record"):
            return self._thing(label)
        if found := _REJECT.fullmatch(label):
            return self.say(f"Import {found[1]}, row {found[2]}", f"取り込み{found[1]}の{found[2]}行目")
        return self.names.get(label.lower(), label)

    def _thing(self, label: str) -> str:
        known = THINGS.get(label)
        if known:
            return self.say(known)
        if found := _NOTE.fullmatch(label):
            return self.say(f"Note {found[1]}", f"メモ{found[1]}")
        if found := _IMPORT.fullmatch(label):
            return self.say(f"Import {found[1]}", f"取り込み{found[1]}")
        if _INTERACTION.fullmatch(label):
            return self.say("Interaction", "対応履歴")
        kind, _blank, number = label.partition(" ")
        if number and (known_kind := self.choice("kind", kind)):
            return f"{known_kind} {number}"
        return self.choice("kind", label) or self.definition(label)

    def definition(self, label: str) -> str:
        """``scorecard/default v2`` as “Scorecard “standard”, version 2”."""
        found = _DEFINITION.fullmatch(label)
        if found is None or found["kind"] not in DEFINITIONS:
            return label
        kind = self.say(DEFINITIONS[found["kind"]])
        slug = self.say(STANDARD) if found["slug"] == "default" else found["slug"]
        version = (
            self.say(f", version {found['number']}", f" 第{found['number']}版") if found["number"] else ""
        )
        return self.say(f"{kind} “{slug}”", f"{kind}「{slug}」") + version

    def facts(self, line: AuditLine) -> list[Fact]:
        """Every detail that says something, in the order it was written."""
        found = []
        for name, value in line.detail.items():
            if name not in {*UNSHOWN, "from", "to"} and (told := self.told(name, value)):
                title = OF_VERBS.get((line.verb, name))
                shown = _list_of(line) if name == "accounts" else ""
                found.append(Fact(self.say(title) if title else self.title(name), told, shown))
        if {"from", "to"} <= set(line.detail):
            found.append(self._ends(line))
        return found

    def _ends(self, line: AuditLine) -> Fact:
        """From what to what: a change of one thing, or the days of a period."""
        name = ENDS.get(line.verb)
        nobody = self.say("nobody", "担当者なし") if name == "owner" else words.NOTHING
        before, after = (self._end(line.detail[end], nobody) for end in ("from", "to"))
        if name:
            return Fact(self.title(name), f"{before} → {after}")
        return Fact(self.say(PERIOD), self.say(f"{before} – {after}", f"{before}〜{after}"))

    def _end(self, value: Any, nothing: str) -> str:
        several = value if isinstance(value, list) else [value]
        return self.few([self.one("", each) or nothing for each in several])

    # ---- a value -------------------------------------------------------------------------------------------------

    def told(self, name: str, value: Any) -> str:
        """A detail's value in words; a pair is what was before and is now."""
        if value in (None, "", [], {}):
            return ""
        if name in SPECIAL:
            return SPECIAL[name](self, value)
        if isinstance(value, list) and len(value) == 2 and name not in LISTS:
            before, after = (self.one(name, each) or words.NOTHING for each in value)
            return f"{before} → {after}"
        if isinstance(value, list):
            return self.few([self.one(name, each) for each in value])
        return self.one(name, value)

    def few(self, parts: list[str], between: str = "") -> str:
        """The first of several, and how many more there are."""
        shown, more = parts[:MOST_SHOWN], len(parts) - MOST_SHOWN
        rest = self.say(f" and {more:,} more", f" ほか{more:,}件") if more > 0 else ""
        return (between.join(shown) if between else self.join(shown)) + rest

    def one(self, name: str, value: Any) -> str:
        """A single value: a choice's word, a number, a day, a member's name."""
        if value in (None, ""):
            return ""
        if isinstance(value, bool) or value in ("True", "False"):
            return self.say("yes", "はい") if value in (True, "True") else self.say("no", "いいえ")
        if isinstance(value, int | float):
            return words.number(value, 0 if float(value).is_integer() else 2)
        if isinstance(value, Mapping):
            return self.join([f"{self.title(key)} {self.one(key, each)}" for key, each in value.items()])
        text = str(value)
        return self.choice(name, text) or self.when(text) or self.names.get(text.lower()) or text

    def when(self, text: str) -> str:
        """A day or an instant as the reader writes it; empty where the text is neither."""
        try:
            if _DAY.fullmatch(text):
                return words.day(date.fromisoformat(text), self.language)
            if _INSTANT.fullmatch(text):
                at = datetime.fromisoformat(text)
                return words.instant(timezone.localtime(at) if timezone.is_aware(at) else at, self.language)
        except ValueError:
            return ""
        return ""


def _list_of(line: AuditLine) -> str:
    """Where the customers that a line counts are listed by name."""
    return reverse("handed-over", args=[line.pk]) if "held" in line.detail else ""


# ---- details that are more than one value ------------------------------------------------------------------------


def _moves(reader: Reader, value: Mapping[str, int]) -> str:
    """``{"low -> high": 3}``: from which tier to which, how many."""
    parts = []
    for step, count in sorted(value.items(), key=lambda move: -move[1]):
        ends = [reader.choice("tier", end.strip()) or words.NOTHING for end in step.split("->")]
        parts.append(f"{' → '.join(ends)} {count:,}")
    return reader.few(parts)


def _changes(reader: Reader, value: list[Mapping[str, str]]) -> str:
    """What a published definition does differently, each said in both languages when it was written."""
    said = [reader.say(str(change.get("en", "")), str(change.get("ja", ""))) for change in value]
    return reader.few(said, " / ")


def _conditions(reader: Reader, value: str) -> str:
    """The query of an address, condition by condition."""
    pairs = parse_qsl(value.partition("?")[2] or value)
    return reader.few([f"{reader.title(name)} {_condition(reader, name, text)}" for name, text in pairs])


def _condition(reader: Reader, name: str, text: str) -> str:
    column = all_columns().get(text.removeprefix("-")) if name == "sort" else None
    return order_words(column, text.startswith("-")) if column else reader.one(name, text)


def _outcome(reader: Reader, value: str) -> str:
    """``churn:90`` and ``silence:180``, the fates a back-test asks for."""
    what, _colon, days = value.partition(":")
    said = {
        "churn": Text(f"churn within {days} days", f"{days}日以内の解約"),
        "silence": Text(f"silence for {days} days", f"{days}日間の無利用"),
    }
    return reader.say(said[what]) if what in said else value


def _scopes(reader: Reader, value: list[str]) -> str:
    """``read:account``: what a key may do with which kind."""
    may = {
        "read": Text("read", "読み取り"),
        "write": Text("write", "書き込み"),
        "erase": Text("erase", "消去"),
    }
    parts = []
    for scope in value:
        act, _colon, kind = scope.partition(":")
        thing = reader.choice("kind", kind) or reader.title(kind)
        parts.append(f"{thing}: {reader.say(may.get(act, Text(act, act)))}")
    return reader.few(parts)


def _definitions(reader: Reader, value: list[str]) -> str:
    return reader.few([reader.definition(label) for label in value])


def _fields(reader: Reader, value: list[str]) -> str:
    return reader.few([reader.title(name) for name in value])


def _size(reader: Reader, value: int) -> str:
    return str(filesizeformat(value))


def _margin(reader: Reader, value: list[str]) -> str:
    return " → ".join(words.percent(float(share)) if share else words.NOTHING for share in value)


def _handed_to(reader: Reader, value: Any) -> str:
    """The reason of putting off; once it named by an arrow and an address to whom the work was given."""
    text = str(value)
    mail = text.removeprefix("→ ")
    return f"→ {reader.names.get(mail.lower(), mail)}" if mail != text else text


def _zones(reader: Reader, value: Any) -> str:
    names = value if isinstance(value, list) else [value]
    return " → ".join(
        words.time_zone(str(name), reader.language) if name else words.NOTHING for name in names
    )


def _months(reader: Reader, value: list[int | None]) -> str:
    kept = [
        reader.say(f"{n:,} months", f"{n:,}か月") if n else reader.say("for ever", "無期限") for n in value
    ]
    return " → ".join(kept)


SPECIAL: dict[str, Callable[[Reader, Any], str]] = {
    "moves": _moves,
    "changes": _changes,
    "query": _conditions,
    "view": _conditions,
    "address": _conditions,
    "outcome": _outcome,
    "scopes": _scopes,
    "definitions": _definitions,
    "fields": _fields,
    "size": _size,
    "gross_margin": _margin,
    "raw_months": _months,
    "reason": _handed_to,
    "time_zone": _zones,
}


def raw_record(line: AuditLine) -> str:
    """The line exactly as it is kept, as JSON."""
    kept = {
        "id": line.pk,
        "at": line.at.isoformat(),
        "actor": line.actor,
        "verb": line.verb,
        "target_kind": line.target_kind,
        "target_id": line.target_id,
        "target_label": line.target_label,
        "account": line.account_id,
        "detail": line.detail,
        "address": line.address,
    }
    return json.dumps(kept, ensure_ascii=False, indent=2)
