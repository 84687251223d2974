"""Views a member keeps under a name, shares with the team, and opens the page with."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.web.models import DefaultView, SavedView

PAGE = "portfolio"
LONGEST_NAME = 80


def list_views(member: Member) -> QuerySet[SavedView]:
    """The member's own views and those colleagues share with the member's team, or with everybody."""
    shared = Q(shared=True, member__is_active=True) & (Q(team__isnull=True) | Q(team_id=member.team_id))
    return SavedView.objects.filter(Q(member=member) | shared, page=PAGE).select_related("member")


def find_view(member: Member, number: int) -> SavedView | None:
    return list_views(member).filter(pk=number).first()


def find_default(member: Member) -> SavedView | None:
    """The view the page opens with, if the member chose one and may still see it."""
    chosen = DefaultView.objects.filter(member=member, page=PAGE).values_list("view_id", flat=True).first()
    return find_view(member, chosen) if chosen else None


def access_view(member: Member, number: int) -> SavedView:
    view = find_view(member, number)
    if view is None:
        raise NotFound(
            "unknown_view",
            Text("This view is no longer there.", "このビューは見つかりません。"),
            Text("Choose another from the list.", "一覧から別のビューをお選びください。"),
        )
    return view


@transaction.atomic
def save_view(
    member: Member, name: str, address: str, *, shared: bool = False, default: bool = False
) -> SavedView:
    """Keep an address under a name; the same name again replaces what it held.

    Raises:
        EnishiError: ``bad_view_name``.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        message = Text(
            f"Give the view a name of 1 to {LONGEST_NAME} characters.",
            f"ビューの名前を1〜{LONGEST_NAME}文字で入力してください。",
        )
        raise EnishiError("bad_view_name", message, fields={"name": message})
    view, made = SavedView.objects.update_or_create(
        member=member,
        page=PAGE,
        name=name,
        defaults={"address": address, "shared": shared, "team": member.team if shared else None},
    )
    if default:
        set_default(member, view.pk)
    detail = {"address": address, "shared": shared}
    write_audit(member, "view_saved" if made else "view_changed", view, detail=detail)
    return view


@transaction.atomic
def set_default(member: Member, number: int) -> None:
    """Open the page with this view from now on; 0 for the plain list."""
    DefaultView.objects.filter(member=member, page=PAGE).delete()
    if number:
        DefaultView.objects.create(member=member, page=PAGE, view=access_view(member, number))


@transaction.atomic
def delete_view(member: Member, number: int) -> SavedView:
    """Delete one's own view; colleagues' views are theirs."""
    view = access_view(member, number)
    if view.member_id != member.pk:
        raise NotFound(
            "not_your_view",
            Text(
                f"“{view.name}” belongs to {view.member}.",
                f"「{view.name}」は{view.member}さんのビューです。",
            ),
            Text("Ask its owner to delete it.", "削除は作成者にご依頼ください。"),
        )
    write_audit(member, "view_deleted", view, detail={"address": view.address})
    view.delete()
    return view
