"""A file arrives: kept, opened, guessed at; then a person settles how it is read."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Lookup
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_zone
from enishi.accounts.models import Member, RecordVersion
from enishi.ingest.files.events import tried_event
from enishi.ingest.files.habits import LOOK, first_proofs, settle_habits, unasked, unclear_days
from enishi.ingest.files.kinds import EVENT, FILE_KINDS
from enishi.ingest.files.known import Directory, Known, likely_system
from enishi.ingest.files.matching import Match, guess_columns, guess_kind
from enishi.ingest.files.own import is_own_list, own_plan, refuse_past_list
from enishi.ingest.files.parts import lacking, states_parts, told_needed
from enishi.ingest.files.reading import NUMBER_HEADINGS, Plan, ReadRow, fingerprint, reader_for
from enishi.ingest.files.standing import numbered, of_same_headings
from enishi.ingest.files.tables import Row, Table, open_table
from enishi.ingest.models import Import, Mapping
from enishi.ingest.values import Habits
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.kinds import ACCOUNT, DEFAULT_SYSTEM, Field, Kind


@dataclass(frozen=True, slots=True)
class Proposal:
    """How a file could be read.

    Args:
        matches: field -> guessed column with its sureness.
        plan: the guess, or the mapping saved for these headings.
        remembered: whether the plan is a saved mapping.
        asks: headings of date columns whose order of day and month must be chosen.
    """

    kind: Kind
    matches: dict[str, Match]
    plan: Plan
    remembered: bool
    asks: list[str] = field(default_factory=list)


def habits() -> Habits:
    return Habits(zone=company_zone())


def receive_file(
    home: Home,
    file: BinaryIO | Path,
    name: str,
    *,
    kind: str = "",
    encoding: str = "",
    actor: Member | str,
    now: datetime,
) -> Import:
    """Keep a file among the uploads, open it and guess its kind and columns, and its encoding where none is stated.

    Raises:
        BadFile: it cannot be read; nothing is kept.
    """
    home.prepare()
    clean = re.sub(r"[^\w.\-()( )]+", "_", Path(name).name) or "file"
    clean = clean.encode()[-120:].decode(errors="ignore")  # names of files are counted in bytes
    target = home.uploads / f"{uuid.uuid4().hex}-{clean}"
    digest = hashlib.sha256()
    opened = file.open("rb") if isinstance(file, Path) else nullcontext(file)
    with target.open("wb") as out, opened as source:
        for chunk in iter(lambda: source.read(1 << 20), b""):
            digest.update(chunk)
            out.write(chunk)
    try:
        made = _describe(target, name, digest.hexdigest(), kind, encoding, actor, now)
    except EnishiError:
        target.unlink()
        raise
    made.size, made.stored = target.stat().st_size, target.name
    made.save()
    write_audit(actor, "file_received", made, detail={"kind": made.kind, "size": made.size})
    return made


def _describe(
    path: Path, name: str, digest: str, kind: str, encoding: str, actor: Member | str, now: datetime
) -> Import:
    table = open_table(path, {"encoding": encoding} if encoding else None, name=Path(name).name)
    rows = list(islice(table.rows(), LOOK))
    sample = [cells for _place, cells in rows]
    refuse_past_list(Path(name).name, kind, table.columns)
    own = is_own_list(kind, table.columns)
    kind = ACCOUNT.name if own else kind or guess_kind(name, table.columns, sample, habits())
    made = Import(
        kind=kind,
        name=Path(name).name[:255],
        form=table.form,
        details=table.details,
        headings=table.columns,
        total=table.total,
        digest=digest,
        made_by=actor.email if isinstance(actor, Member) else actor,
        made_at=now,
    )
    proposal = propose(kind, table.columns, sample, table.details.get("delimiter", ""))
    made.plan = proposal.plan.as_json()
    made.system = remembered_system(kind, table.columns)
    settle_system(made, rows)
    made.backfill = is_history(made, rows)
    return made


def settle_system(made: Import, rows: Sequence[Row]) -> Known:
    """Take the ids for those of the system that knows them, by the file's first rows; gives what is known of them then."""
    known = known_in(made, rows)
    likely = likely_system(known, made.system)
    if likely == made.system:
        return known
    made.system = likely
    return known_in(made, rows)


def known_in(made: Import, rows: Sequence[Row]) -> Known:
    """What is known of the ids of a file's first rows, as its plan stands."""
    kind = FILE_KINDS[made.kind]
    reader = reader_for(kind, made.headings, Plan.from_json(made.plan), habits())
    return Directory(kind).look([reader.read(place, cells) for place, cells in rows], made.system)


def is_history(made: Import, rows: Sequence[Row]) -> bool:
    """Whether a file is taken as history unless said otherwise: as long as nothing of its kind was stated. The same file
    again, and rejected rows that come back corrected, are what they were taken for at first."""
    if made.kind == EVENT.name:
        return True
    if first := _came_as(made, rows):
        return first.backfill
    return not _is_stated(made.kind)


def _came_as(made: Import, rows: Sequence[Row]) -> Import | None:
    """The import by which the file's content came first."""
    same = Import.objects.filter(kind=made.kind, digest=made.digest, status=Import.Status.DONE)
    if first := same.order_by("pk").first():
        return first
    if set(NUMBER_HEADINGS).isdisjoint(made.headings):
        return None
    reader = reader_for(FILE_KINDS[made.kind], made.headings, Plan.from_json(made.plan), habits())
    waiting = numbered(made, [reader.read(place, cells) for place, cells in rows])
    origins = of_same_headings(made, {item.origin for item in waiting.values()})
    return min(origins.values(), key=lambda other: other.pk, default=None)


def _is_stated(kind: str) -> bool:
    """Whether anything of a kind was stated otherwise than by events, and was not taken back."""
    undone = Import.objects.filter(status=Import.Status.UNDONE)
    stated = RecordVersion.objects.filter(kind=kind, deleted=False)
    stated = stated.exclude(actor__startswith="key:").exclude(
        import_id__in=list(undone.values_list("pk", flat=True))
    )
    # What an undoing gives back is written at its instant.
    return stated.exclude(recorded_at__in=list(undone.values_list("undone_at", flat=True))).exists()


def stored_path(home: Home, made: Import) -> Path:
    if not made.stored:
        raise EnishiError(
            "file_removed",
            Text(
                f"The file '{made.name}' is no longer kept.",
                f"ファイル「{made.name}」は保管期間を過ぎています。",
            ),
            Text("Drop the file again.", "もう一度ファイルを選んでください。"),
        )
    return home.uploads / made.stored


def open_stored(home: Home, made: Import) -> Table:
    return open_table(stored_path(home, made), made.details, name=made.name)


def find_mapping(kind: str, columns: Sequence[str]) -> Mapping | None:
    return Mapping.objects.filter(kind=kind, fingerprint=fingerprint(columns)).first()


def remembered_system(kind: str, columns: Sequence[str]) -> str:
    saved = find_mapping(kind, columns)
    return saved.system if saved else DEFAULT_SYSTEM


def propose(
    kind_name: str, columns: Sequence[str], sample: Sequence[Sequence[Any]], delimiter: str = ""
) -> Proposal:
    """The saved mapping where these headings came before, else the guess."""
    kind = FILE_KINDS[kind_name]
    matches = guess_columns(kind, columns, sample, habits())
    saved = find_mapping(kind_name, columns)
    if saved:
        plan = Plan.from_json(saved.body)
    elif is_own_list(kind_name, columns):
        plan = own_plan(columns)
    else:
        plan = Plan({name: match.column for name, match in matches.items()})
    settle_habits(kind, plan, columns, sample, delimiter)
    return Proposal(kind, matches, plan, saved is not None, unasked(kind, plan, columns, sample))


def check_plan(made: Import, table: Table) -> None:
    """Refuse a plan that cannot work, naming each field.

    Raises:
        EnishiError: ``bad_mapping`` with messages by field, or ``unclear_dates`` by heading.
    """
    kind, plan = FILE_KINDS[made.kind], Plan.from_json(made.plan)
    if problems := _problems(kind, plan, table.columns):
        raise _bad_mapping(kind, plan, table, problems)
    if (needed := _needed(kind, plan)) and not takes_parts(made, table):
        raise _bad_mapping(kind, plan, table, needed)
    rows = list(islice(table.rows(), LOOK))
    if unclear := unclear_days(kind, plan, table.columns, rows):
        raise EnishiError(
            "unclear_dates",
            _joined(unclear.values()),
            Text(
                "Say which comes first: day (--dates dmy) or month (--dates mdy); in the browser, beside the column.",
                "日が先なら --dates dmy、月が先なら --dates mdy を付けて実行してください"
                "(画面では、列の横で選べます)。",
            ),
            unclear,
        )


def takes_parts(made: Import, table: Table) -> bool:
    """Whether a file is taken that has no column for what new records need: it speaks of known ones."""
    kind, plan = FILE_KINDS[made.kind], Plan.from_json(made.plan)
    return states_parts(kind, plan, table, reader_for(kind, table.columns, plan, habits()), made.system)


def _bad_mapping(kind: Kind, plan: Plan, table: Table, problems: Lookup[str, Text]) -> EnishiError:
    message, hint = _joined(problems.values()), _choices(kind, plan, table, problems)
    if "id" in plan.columns and kind.name != EVENT.name and set(problems) <= _names_of(lacking(kind, plan)):
        told = told_needed(kind)
        hint = Text(f"{told.en} {hint.en}", f"{told.ja}{hint.ja}")
    return EnishiError("bad_mapping", message, hint, problems)


def _names_of(fields: Iterable[Field]) -> set[str]:
    return {spec.name for spec in fields}


def _joined(texts: Iterable[Text]) -> Text:
    lines = list(texts)
    return Text(" ".join(text.en for text in lines), "".join(text.ja for text in lines))


def _choices(kind: Kind, plan: Plan, table: Table, problems: Iterable[str]) -> Text:
    """The fields of the kind where one is unknown (those most like it first), else the columns of the file, and how one is
    chosen on the command line."""
    names = [spec.name for spec in kind.fields]
    unknown = [name for name in plan.columns if name not in names]
    if not unknown:
        en, ja = (" ".join(f"--map {name}={column}" for name in problems) for column in ("COLUMN", "列名"))
        return Text(
            f"Columns of the file: {', '.join(table.columns)}. On the command line: {en}",
            f"ファイルの列: {'、'.join(table.columns)}。コマンドでは {ja} で指定できます。",
        )
    alike = sorted(names, key=lambda name: -SequenceMatcher(None, unknown[0], name).ratio())
    titles = {spec.name: spec.title for spec in kind.fields}
    return Text(
        f"Its fields: {', '.join(alike)}.",
        f"使える項目: {'、'.join(f'{name}({titles[name].ja})' for name in alike)}",
    )


def _problems(kind: Kind, plan: Plan, columns: Sequence[str]) -> dict[str, Text]:
    """By field: unknown fields, and headings the file has not."""
    names = {spec.name for spec in kind.fields}
    found: dict[str, Text] = {}
    for name, heading in plan.columns.items():
        if name not in names:
            found[name] = Text(
                f"'{kind.name}' has no field '{name}'.",
                f"「{kind.title.ja}」に「{name}」という項目はありません。",
            )
        elif heading not in columns:
            found[name] = Text(
                f"The file has no column '{heading}'.", f"ファイルに「{heading}」という列がありません。"
            )
    return found


def _needed(kind: Kind, plan: Plan) -> dict[str, Text]:
    """By field: what a new record needs and the file does not give."""
    return {
        spec.name: Text(
            f"'{spec.title.en}' is needed: choose its column.",
            f"「{spec.title.ja}」は必須です。列を選んでください。",
        )
        for spec in lacking(kind, plan)
    }


def preview(made: Import, table: Table, now: datetime, size: int = 12) -> list[ReadRow]:
    """The first rows as they would be read, with what cannot be; events by the rules of the inbox too."""
    kind, plan = FILE_KINDS[made.kind], Plan.from_json(made.plan)
    proofs = first_proofs(kind, plan, table.columns, list(islice(table.rows(), LOOK)))
    reader = reader_for(kind, table.columns, plan, habits(), proofs)
    rows = [reader.read(place, cells) for place, cells in islice(table.rows(), size)]
    if kind.name == EVENT.name:
        for n, row in enumerate(rows):
            tried_event(n, row, reader, made.system, now)
    return rows


def remember(made: Import, actor: str, now: datetime) -> Mapping:
    """Save the import's plan for the next file with the same headings, which is read in the zone of its day."""
    body = {**made.plan, "zone": ""}
    mapping, _made = Mapping.objects.update_or_create(
        kind=made.kind,
        fingerprint=fingerprint(made.headings),
        defaults={
            "headings": made.headings,
            "body": body,
            "system": made.system,
            "used_at": now,
        },
        create_defaults={
            "headings": made.headings,
            "body": body,
            "system": made.system,
            "used_at": now,
            "name": made.name,
            "made_by": actor,
            "made_at": now,
        },
    )
    mapping.uses += 1
    mapping.save(update_fields=["uses"])
    return mapping


def forget_unused(undone: Import) -> None:
    """Forget the mapping of an undone import unless another file came in by it: it may be why it was undone."""
    own, status = fingerprint(undone.headings), Import.Status
    used = Import.objects.filter(kind=undone.kind, status__in=(status.DONE, status.QUEUED, status.RUNNING))
    headings = used.exclude(pk=undone.pk).values_list("headings", flat=True)
    if not any(fingerprint(columns) == own for columns in headings.iterator(chunk_size=500)):
        Mapping.objects.filter(kind=undone.kind, fingerprint=own).delete()


def remove_stored(home: Home, made: Import) -> None:
    """Delete the kept copy of the file; what its rows said stays."""
    if made.stored:
        (home.uploads / made.stored).unlink(missing_ok=True)
        made.stored = ""
        made.save(update_fields=["stored"])


def with_choices(plan: Plan, chosen: Lookup[str, str]) -> Plan:
    """A plan with columns chosen by hand: field -> heading, empty to leave the field out."""
    columns = {**plan.columns, **chosen}
    kept = {k: v for k, v in columns.items() if v}
    orders, decimals, clocks = dict(plan.day_orders), dict(plan.decimals), dict(plan.clocks)
    return replace(
        plan, columns=kept, day_orders=orders, decimals=decimals, clocks=clocks, mixed=dict(plan.mixed)
    )
