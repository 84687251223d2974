"""Who did something, in words: a member by name, a key, the command line, or Enishi itself."""

from __future__ import annotations

from django.core.cache import cache
from django.db.models.functions import Lower

from enishi.accounts.audit import COMMAND_LINE, SYSTEM
from enishi.accounts.models import Member
from enishi.kit.text import Text
from enishi.web import words

API, WRITE_KEY = "api:", "key:"
BY_ITSELF = Text("Enishi (by itself)", "Enishi(自動処理)")
BY_COMMAND = Text("the command line", "コマンドライン")
_KEEP_SECONDS = 30


def names_by_mail() -> dict[str, str]:
    """Every member's name by mail address in small letters, also of those who have left."""
    rows = Member.objects.annotate(mail=Lower("email"))
    return {member.mail: words.person(member) for member in rows}


def told_actor(actor: str, names: dict[str, str], language: str) -> str:
    """An actor as audit lines and records keep it, in words; what is unknown as it stands."""
    fixed = {SYSTEM: BY_ITSELF, COMMAND_LINE: BY_COMMAND}
    if actor in fixed:
        return fixed[actor].in_language(language)
    if actor.startswith(API):
        key = actor.removeprefix(API)
        return Text(f"API key “{key}”", f"APIキー「{key}」").in_language(language)
    if actor.startswith(WRITE_KEY):
        key = actor.removeprefix(WRITE_KEY)
        return Text(f"Write key “{key}”", f"書き込みキー「{key}」").in_language(language)
    return names.get(actor.lower(), actor)


def shown_actor(actor: str, language: str) -> str:
    """The same for a list of rows: names are looked up now and then."""
    names: dict[str, str] = cache.get_or_set("web:names-by-mail", names_by_mail, _KEEP_SECONDS) or {}
    return told_actor(actor, names, language)
