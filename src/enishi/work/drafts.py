"""A play's words filled in for one account: whom to address, in which language, with what courtesy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from enishi.accounts.models import Account, Company, Contact, Member
from enishi.kit.text import Text, day_words, full_name
from enishi.stakeholders.api import ROLE_TITLES, STRENGTHS, WINDOW, KeptTie
from enishi.work.contracts import Draft, Play, Reason


def draft(
    play: Play,
    account: Account,
    contacts: Sequence[Contact],
    member: Member,
    company: Company,
    *,
    renewal_on: date | None = None,
    reasons: Iterable[Reason] = (),
    promise: str = "",
    ties: Mapping[int, KeptTie] = MappingProxyType({}),
) -> Draft:
    """The text to start from; ``ties`` of the people, by contact; ``promise`` is what was promised, in the words it was noted with.

    To the customer it is in the language of the person addressed (else the account's, else the company's);
    to a colleague in the reader's own.
    """
    by_mail = play.channel == "mail"
    contact = None if play.internal else addressee(contacts, play.contacts, ties, by_mail=by_mail)
    language = member.language if play.internal else language_of(account, contact, company)
    words = {
        "account": _account_line(account, contact, language, play.internal),
        "contact": courtesy(contact, language),
        "member": sender(member, language),
        "company": company.name,
        "date": _day(renewal_on, language),
        "promise": _promised(promise, language),
        "evidence": _evidence(reasons, language),
    }
    return Draft(
        language=language,
        subject=play.subject.in_language(language).format_map(words),
        body=_tidy(_signable(play.body.in_language(language), words["member"]).format_map(words)),
        contact_id=contact.pk if contact else None,
        to=contact.email if contact else "",
        why=why_addressed(contact, contacts, play.contacts, ties) if contact else None,
    )


def addressee(
    contacts: Sequence[Contact],
    roles: Sequence[str],
    ties: Mapping[int, KeptTie] = MappingProxyType({}),
    *,
    by_mail: bool = False,
) -> Contact | None:
    """The best person to address: still there and not likely gone; of those who answer, by role in the order given, then by
    the strength of the tie. Those who do not answer come after, whatever their role.

    Args:
        ties: as the map of people finds them, by contact; without any the roles decide.
        by_mail: who cannot be reached by mail comes last.
    """
    rank = {role: place for place, role in enumerate(roles)}

    def place(one: Contact) -> tuple[Any, ...]:
        tie, unreached = ties.get(one.pk), one.bounced_on is not None or not one.email
        strength = tie.strength if tie else 0
        role = rank.get(one.role, len(rank))
        return by_mail and unreached, _distance(tie), role, unreached, -strength, one.pk

    return min((one for one in _present(contacts) if not _likely_gone(one, ties)), key=place, default=None)


def _present(contacts: Iterable[Contact]) -> list[Contact]:
    return [c for c in contacts if c.left_on is None and c.deleted_at is None and c.erased_at is None]


def _likely_gone(one: Contact, ties: Mapping[int, KeptTie]) -> bool:
    tie = ties.get(one.pk)
    return tie is not None and tie.likely_gone


def _distance(tie: KeptTie | None) -> int:
    """0 in good touch, 1 answered within half a year, 2 not."""
    if tie is None:
        return 2
    return 0 if tie.word in ("strong", "medium") else 1 if tie.answers else 2


def why_addressed(
    chosen: Contact, contacts: Sequence[Contact], roles: Sequence[str], ties: Mapping[int, KeptTie]
) -> Text | None:
    """Why this person: how we stand with them, and what speaks against whoever would come first by role."""
    tie = ties.get(chosen.pk)
    if tie is None:
        return None
    if not tie.answers or tie.last_two_way is None:
        others = any(
            ties[one.pk].answers
            for one in _present(contacts)
            if one.pk in ties and not _likely_gone(one, ties)
        )
        return _joined(_NO_MAIL if others else _NOBODY, _unknown_role(chosen, contacts, roles))
    on, word = day_words(tie.last_two_way), STRENGTHS[tie.word]
    said = Text(
        f"Answers: last on {on.en}; strength of the tie {tie.strength} ({word.en.lower()}).",
        f"応答のある方です(最後の双方向のやり取り{on.ja}、関係の強さ{tie.strength}・{word.ja})。",
    )
    return _joined(said, _against(chosen, contacts, roles, ties))


def _joined(said: Text, more: Text | None) -> Text:
    return Text(f"{said.en} {more.en}", f"{said.ja}{more.ja}") if more else said


def _before(chosen: Contact, roles: Sequence[str]) -> Sequence[str]:
    """The roles that would come first."""
    return roles[: roles.index(chosen.role)] if chosen.role in roles else roles


def _unknown_role(chosen: Contact, contacts: Sequence[Contact], roles: Sequence[str]) -> Text | None:
    """The role the act would first turn to, where nobody there is known to hold it."""
    first = next(iter(_before(chosen, roles)), None)
    if first is None or any(one.role == first for one in _present(contacts)):
        return None
    title = ROLE_TITLES[first]
    return Text(f"No {title.en.lower()} is known.", f"{title.ja}が分かっていません。")


def _against(
    chosen: Contact, contacts: Sequence[Contact], roles: Sequence[str], ties: Mapping[int, KeptTie]
) -> Text | None:
    """Why nobody of a role that goes before was chosen."""
    if unknown := _unknown_role(chosen, contacts, roles):
        return unknown
    for role in _before(chosen, roles):
        found = [ties[one.pk] for one in _present(contacts) if one.role == role and one.pk in ties]
        if not found:
            continue
        title = ROLE_TITLES[role]
        if all(tie.likely_gone for tie in found):
            return Text(f"The {title.en.lower()} is likely leaving.", f"{title.ja}には離任の兆しがあります。")
        if not any(tie.answers for tie in found):
            return Text(
                f"The {title.en.lower()} has not answered in {WINDOW} days.",
                f"{title.ja}は直近{WINDOW}日に応答がありません。",
            )
        return Text(
            f"The tie to the {title.en.lower()} is weaker.", f"{title.ja}との関係はこの方より弱い状態です。"
        )
    return None


_NOBODY = Text(
    f"Nobody here has answered in {WINDOW} days: chosen by role.",
    f"直近{WINDOW}日に応答のあった方がいないため、役割で選んでいます。",
)
_NO_MAIL = Text(
    "Those who answer cannot be reached by mail: chosen by role.",
    "応答のある方にはメールが届かないため、役割で選んでいます。",
)


def language_of(account: Account, contact: Contact | None, company: Company) -> str:
    stated = (contact.language if contact else "") or account.language or company.language
    return "ja" if stated.startswith("ja") else "en"


def courtesy(contact: Contact | None, language: str) -> str:
    """How a letter addresses a person: family name with 様, or the full name in English.

    Nobody known: empty in Japanese, where the company is addressed with 御中 instead.
    """
    if language == "ja":
        if contact is None:
            return ""
        name = contact.family_name or contact.full_name
        return " ".join(part for part in (contact.department, contact.title, f"{name}様") if part)
    if contact is None:
        return "customer"
    return contact.full_name


def sender(member: Member, language: str) -> str:
    """How the writer names himself; empty where no name is known: a mail address is not one."""
    if language == "ja":
        return member.family_name or member.given_name
    return full_name(member.family_name, member.given_name)


_SIGNED = re.compile(r"^\{member\}\n|の?\{member\}", re.MULTILINE)


def _signable(body: str, name: str) -> str:
    """The body without the writer's name, and without the line it stands on alone, where there is none."""
    return body if name else _SIGNED.sub("", body)


def _account_line(account: Account, contact: Contact | None, language: str, internal: bool) -> str:
    """御中 only where the letter goes to the company and no person is named."""
    if language == "ja" and contact is None and not internal:
        return f"{account.name} 御中"
    return account.name


def _day(day: date | None, language: str) -> str:
    if day is None:
        return "次回更新日" if language == "ja" else "the renewal date"
    return day_words(day).in_language(language)


def _promised(promise: str, language: str) -> str:
    if not promise:
        return ""
    return f"「{promise}」の" if language == "ja" else f" (“{promise}”)"


def _evidence(reasons: Iterable[Reason], language: str) -> str:
    texts: list[Text] = [reason.evidence for reason in reasons if reason.evidence]
    return "\n".join(f"・{t.ja}" if language == "ja" else f"- {t.en}" for t in dict.fromkeys(texts))


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
