"""A play's words filled in for one account: whom to address, in which language, with what courtesy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from enishi.accounts.models import Account, Company, Contact, Member
from enishi.kit.text import Text, day_words, full_name
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
) -> Draft:
    """The text to start from; ``promise`` is what was promised, in the words it was noted with.

    To the customer it is in the language of the person addressed (else the account's, else the company's);
    to a colleague in the reader's own.
    """
    contact = None if play.internal else addressee(contacts, play.contacts)
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
    )


def addressee(contacts: Sequence[Contact], roles: Sequence[str]) -> Contact | None:
    """The best person to address: still there, reachable, by role in the order given; anyone else last."""
    present = [c for c in contacts if c.left_on is None and c.deleted_at is None and c.erased_at is None]
    rank = {role: place for place, role in enumerate(roles)}
    present.sort(key=lambda c: (rank.get(c.role, len(rank)), c.bounced_on is not None, not c.email, c.pk))
    return present[0] if present else None


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
