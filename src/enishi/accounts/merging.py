"""Two accounts that are one company: merged and taken apart again without rewriting anything stated.

They were one company all along (two entries of it), or became one on a day. The first holds for every past day
too; the second leaves the days before it as they were: both accounts stand there, each with its own facts.

The merged account keeps its row, its outside ids and its versions; only current rows move, so that pages show
one account. Versions go on naming the account the source meant, so taking apart finds every record's place again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.apps import apps
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, Subquery, UniqueConstraint

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_zone
from enishi.accounts.models import Account, Contact, Member, Merge, OutsideId, Record, RecordVersion
from enishi.accounts.versions import ALWAYS, MERGE, lock_versions, row_instant, write_versions
from enishi.kit.clock import day_of
from enishi.kit.errors import Conflict, EnishiError
from enishi.kit.text import Text
from enishi.store.kinds import ACCOUNT, ALWAYS_ON

# Rows of rooms above that people wrote about an account; they follow it. Named, so that nothing is imported upward. Where
# only one of a kind may be in force, the survivor's is, and the other waits at the account it was said of.
FOLLOWERS = (
    "work.Task", "work.Note", "work.Attention", "work.Tag", "growth.Proposal", "outlook.RenewalCall", "fit.FitOpinion",
)  # fmt: skip
# Rows about single records and notes: they stand wherever those do.
BESIDE_RECORDS = ("texts.TextJudgement", "texts.TextCorrection")
NOTE = "work.Note"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field on which the two accounts disagree. The survivor's value is shown afterwards."""

    title: Text
    merged: str
    survivor: str


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What a merge would do.

    Args:
        records: how many current records move, by kind (contacts among them).
        followers: how many tasks, notes and the like move.
        outside_ids: the ids that will lead to the survivor.
        differences: fields on which the two disagree.
        same_people: mail addresses that stand at both; both entries stay.
    """

    records: dict[str, int]
    followers: int
    outside_ids: list[str]
    differences: list[Difference]
    same_people: list[str]


def preview_merge(account: Account, survivor: Account) -> MergePreview:
    """What merging ``account`` into ``survivor`` would move, and where the two disagree."""
    check_merge(account, survivor)
    records = Counter(Record.objects.filter(account=account, deleted_at=None).values_list("kind", flat=True))
    people = Contact.objects.filter(account=account, deleted_at=None)
    records["contact"] = people.count()
    followers = sum(model.objects.filter(account=account).count() for model in _followers())  # type: ignore[attr-defined]
    mails = set(people.exclude(email="").values_list("email", flat=True))
    both = Contact.objects.filter(account=survivor, deleted_at=None, email__in=mails)
    return MergePreview(
        records={kind: n for kind, n in records.items() if n},
        followers=followers,
        outside_ids=[str(link) for link in OutsideId.objects.filter(account=account)[:200]],
        differences=_differences(account, survivor),
        same_people=sorted(set(both.values_list("email", flat=True))),
    )


def _differences(account: Account, survivor: Account) -> list[Difference]:
    found = []
    for spec in ACCOUNT.fields:
        if spec.name in ("id", "parent"):
            continue
        left, right = getattr(account, spec.name), getattr(survivor, spec.name)
        if left not in (None, "") and left != right:
            found.append(Difference(spec.title, str(left), "" if right is None else str(right)))
    return found


def check_merge(account: Account, survivor: Account) -> None:
    """Refuse merges that make no sense."""
    if account.pk == survivor.pk:
        raise Conflict(
            "same_account",
            Text("An account cannot be merged into itself.", "同じ顧客企業同士は統合できません。"),
        )
    for one in (account, survivor):
        if one.merged_into_id or one.deleted_at:
            raise Conflict(
                "account_gone",
                Text(
                    f"'{one.name}' is merged or deleted already.",
                    f"「{one.name}」はすでに統合または削除されています。",
                ),
                Text("Choose the account it was merged into.", "統合先の顧客企業をお選びください。"),
            )


def check_since(since: date | None, today: date) -> None:
    """Refuse a day that is still to come: current rows move at once."""
    if since and since > today:
        raise EnishiError(
            "merge_ahead",
            Text(f"{since} is still to come.", f"{since}はまだ先の日付です。"),
            Text(
                "Merge on that day, or state a day up to today.",
                "当日に統合するか、今日以前の日付をご指定ください。",
            ),
        )


def merge_accounts(
    account: Account, survivor: Account, *, actor: Member | str, now: datetime, since: date | None = None
) -> Merge:
    """Let ``survivor`` stand for ``account`` too.

    Args:
        since: the day on which the two became one: days before are answered as they were. None: two entries of
            one company all along, for the past too.
    """
    who = actor.email if isinstance(actor, Member) else actor
    check_since(since, day_of(now, company_zone()))
    with transaction.atomic():
        lock_versions()
        account.refresh_from_db()
        survivor.refresh_from_db()
        check_merge(account, survivor)
        moved, at = _move_followers(account, survivor), row_instant(now)
        Record.objects.filter(account=account).update(account=survivor, updated_at=at)
        Contact.objects.filter(account=account).update(account=survivor, updated_at=at)
        account.merged_into, account.updated_at = survivor, at
        account.save(update_fields=["merged_into", "updated_at"])
        write_versions([_version(account, survivor, who, now, since)])
        merge = Merge.objects.create(
            account=account, survivor=survivor, since=since, moved=moved, made_by=who, made_at=now
        )
        detail = {"merged": account.name, "merged_id": account.pk}
        if since:
            detail["since"] = since.isoformat()
        write_audit(actor, "account_merged", survivor, account=survivor, detail=detail)
    return merge


def unmerge_accounts(merge: Merge, *, actor: Member | str, now: datetime) -> None:
    """Take a merge back, as if it had never been: every record returns to the account its source meant, also those
    that came since."""
    who = actor.email if isinstance(actor, Member) else actor
    with transaction.atomic():
        lock_versions()
        merge = Merge.objects.select_related("account", "survivor").get(pk=merge.pk)
        account, survivor = merge.account, merge.survivor
        if merge.undone_at or account.merged_into_id != survivor.pk:
            raise Conflict(
                "merge_undone",
                Text("This merge has been undone already.", "この統合はすでに取り消されています。"),
            )
        standing = _root(survivor)
        at = row_instant(now)
        account.merged_into, account.updated_at = None, at
        account.save(update_fields=["merged_into", "updated_at"])
        _bring_back(account, standing, at)
        _followers_back(merge, account, standing)
        _readings_back(account, standing)
        write_versions([_version(account, None, who, now, merge.since)])
        merge.undone_by, merge.undone_at = who, now
        merge.save(update_fields=["undone_by", "undone_at"])
        detail = {"merged": account.name, "merged_id": account.pk}
        write_audit(actor, "account_unmerged", survivor, account=survivor, detail=detail)


def _version(
    account: Account, survivor: Account | None, actor: str, now: datetime, since: date | None
) -> RecordVersion:
    return RecordVersion(
        kind=MERGE,
        record_id=account.pk,
        account_id=survivor.pk if survivor else None,
        source=account.source,
        outside_id=account.outside_id,
        valid_on=since or ALWAYS_ON,
        known_at=datetime.combine(since, time(), company_zone()) if since else ALWAYS,
        recorded_at=now,
        actor=actor,
    )


def _root(account: Account) -> Account:
    while account.merged_into:
        account = account.merged_into
    return account


def family(account: Account) -> set[int]:
    """The account's number and those of all accounts merged into it, however long the chain."""
    numbers = {account.pk}
    edge = numbers
    while edge:
        edge = set(Account.objects.filter(merged_into__in=edge).values_list("pk", flat=True)) - numbers
        numbers |= edge
    return numbers


def _bring_back(account: Account, standing: Account, at: datetime) -> None:
    own = family(account)
    for model, kind in ((Record, OuterRef("kind")), (Contact, "contact")):
        last = RecordVersion.objects.filter(kind=kind, record_id=OuterRef("pk")).order_by("-pk")
        rows = model.objects.filter(account=standing).annotate(stated=Subquery(last.values("account_id")[:1]))
        numbers = list(rows.filter(stated__in=own).values_list("pk", flat=True))
        for start in range(0, len(numbers), 500):
            part = numbers[start : start + 500]
            model.objects.filter(pk__in=part).update(account=account, updated_at=at)


def _followers() -> list[type[Model]]:
    return _models(FOLLOWERS)


def _models(names: Iterable[str]) -> list[type[Model]]:
    return [apps.get_model(name) for name in names if apps.is_installed(f"enishi.{name.split('.')[0]}")]


def _move_followers(account: Account, survivor: Account) -> dict[str, list[int]]:
    moved = {}
    for model in _followers():
        rows = model.objects.filter(account=account).exclude(_taken(model, account, survivor))  # type: ignore[attr-defined]
        moved[model._meta.label] = list(rows.values_list("pk", flat=True))
        model.objects.filter(pk__in=moved[model._meta.label]).update(account=survivor)  # type: ignore[attr-defined]
    for model in _models(BESIDE_RECORDS):
        model.objects.filter(account=account).update(account=survivor)  # type: ignore[attr-defined]
    return moved


def _taken(model: type[Model], account: Account, survivor: Account) -> Q:
    """Rows of an account whose place at the survivor is taken: each may have but one."""
    found = Q(pk__in=[])
    for rule in model._meta.constraints:
        if isinstance(rule, UniqueConstraint) and "account" in rule.fields:
            others = [name for name in rule.fields if name != "account"]
            rows = model.objects.filter(rule.condition or Q())  # type: ignore[attr-defined]
            same = {name: OuterRef(name) for name in others}
            held = rows.filter(account=account).filter(Exists(rows.filter(account=survivor, **same)))
            found |= Q(pk__in=list(held.values_list("pk", flat=True)))
    return found


def _followers_back(merge: Merge, account: Account, standing: Account) -> None:
    above = _between(merge.survivor, standing)
    for model in _followers():
        numbers = merge.moved.get(model._meta.label, [])
        rows = model.objects.filter(pk__in=numbers, account__in=above)  # type: ignore[attr-defined]
        rows.exclude(_taken(model, standing, account)).update(account=account)


def _between(survivor: Account, standing: Account) -> list[int]:
    """The accounts from a survivor to the one that stands for it now: a row may have stayed at any of them."""
    found = [survivor.pk]
    while survivor.pk != standing.pk and survivor.merged_into:
        survivor = survivor.merged_into
        found.append(survivor.pk)
    return found


def _readings_back(account: Account, standing: Account) -> None:
    """What is said of single records and notes goes back with them."""
    notes = apps.get_model(NOTE)
    note_kind = notes._meta.model_name
    for model in _models(BESIDE_RECORDS):
        rows = model.objects.filter(account=standing)  # type: ignore[attr-defined]
        of_records = ~Q(kind=note_kind) & Q(record_id__in=Record.objects.filter(account=account).values("pk"))
        of_notes = Q(kind=note_kind, record_id__in=notes.objects.filter(account=account).values("pk"))
        rows.filter(of_records | of_notes).update(account=account)
