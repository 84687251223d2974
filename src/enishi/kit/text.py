"""Words in both languages, and the folding that lets people find names however they type them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

LANGUAGES = ("ja", "en")
MINUS = "\u2212"  # as wide as a plus; what machines read keeps the hyphen, see plain_number
_EN_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

# Kana, kanji and hangul: who writes a name in them writes the family name first.
_FAMILY_FIRST = re.compile(
    "[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)

# What kind of company it is, folded: before, after or within a name, written out, read aloud or abbreviated.
_LEGAL_FORM = re.compile(
    r"(?:株式|有限|合同|合資|合名)会社|(?:かぶしき|ゆうげん|ごうどう|ごうし|ごうめい)[がか]いしゃ|"
    r"(?:一般|公益|特例)?(?:社団|財団)法人|\((?:株|有|同|資|名|一社|公社|一財|公財|社|財)\)|"
    r"(?<![a-z0-9.@-])(?:co\.?,? ?ltd|co|ltd|inc|corp|llc|llp|gmbh|plc|kk|k\.k|limited|corporation|incorporated|company)"
    r"\.?(?![a-z0-9.@-])"
)

_JOINTS = re.compile(r"[\s\-_.,・&'’]+")

_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


@dataclass(frozen=True, slots=True)
class Text:
    """A short text that exists in English and in Japanese."""

    en: str
    ja: str

    def in_language(self, language: str) -> str:
        """The text for a language code such as ``ja`` or ``en-gb``; English where it is neither."""
        return self.ja if language.lower().startswith("ja") else self.en

    @classmethod
    def parse(cls, value: str | Mapping[str, str]) -> Text:
        """A text from a definitions file: one string for both languages, or ``{en: …, ja: …}``."""
        if isinstance(value, str):
            return cls(value, value)
        return cls(value.get("en") or value["ja"], value.get("ja") or value["en"])


def fold(text: str) -> str:
    """The form in which names are compared: width, case and kana kind do not matter.

    >>> fold("ｶﾌﾞｼｷ ＡＢＣ") == fold("かぶしき abc")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_KATAKANA_TO_HIRAGANA).split())


def without_legal_form(name: str) -> str:
    """A company's name folded, with a space in place of its legal form.

    >>> [without_legal_form(name).strip() for name in ("㈱縁", "縁株式会社", "Tie Co., Ltd.")]
    ['縁', '縁', 'tie']
    """
    return _LEGAL_FORM.sub(" ", fold(name))


def bare_name(name: str) -> str:
    """A company's name without its legal form, joints, width and case.

    >>> bare_name("株式会社アクメ") == bare_name("ｱｸﾒ㈱"), bare_name("Beta-Trading Co., Ltd.")
    (True, 'betatrading')
    """
    return _JOINTS.sub("", without_legal_form(name))


def name_words(text: str) -> list[str]:
    """The words by which a company is looked for: its legal form counts only where nothing else is said.

    >>> name_words("（株）縁 東京"), name_words("株式会社")
    (['縁', '東京'], ['株式会社'])
    """
    words = [word.strip(",.") for word in without_legal_form(text).split()]
    return [word for word in words if word] or fold(text).split()


def full_name(family: str, given: str) -> str:
    """A person's name in the order in which it is read, whatever the reader's language.

    >>> full_name("佐藤", "花子"), full_name("Ward", "Emily")
    ('佐藤 花子', 'Emily Ward')
    """
    order = (family, given) if _FAMILY_FIRST.search(family + given) else (given, family)
    return " ".join(part for part in (name.strip() for name in order) if part)


def split_name(name: str) -> tuple[str, str]:
    """Family and given name of a name as :func:`full_name` writes it.

    >>> split_name("佐藤 花子"), split_name("Mary Ann Ward"), split_name("縁"), split_name("Emily")
    (('佐藤', '花子'), ('Ward', 'Mary Ann'), ('縁', ''), ('', 'Emily'))
    """
    parts = name.split()
    if _FAMILY_FIRST.search(name):
        return " ".join(parts[:1]), " ".join(parts[1:])
    return " ".join(parts[1:][-1:]), " ".join(parts[:-1] or parts)


def day_words(day: date) -> Text:
    """A day written out: ``18 November 2026`` and ``2026年11月18日``."""
    return Text(f"{day.day} {_EN_MONTHS[day.month - 1]} {day.year}", f"{day.year}年{day.month}月{day.day}日")


def rounded(value: int | float | Decimal, digits: int = 0, *, sign: bool = False) -> str:
    """Rounded, grouped by thousands, for people: with a true minus; what rounds to zero has no sign.

    >>> rounded(1234.5, 1), rounded(-0.3), rounded(0.3, sign=True), rounded(7.8, sign=True), rounded(-2)
    ('1,234.5', '0', '0', '+8', '−2')
    """
    text = f"{value:z,.{digits}f}".replace("-", MINUS)
    return f"+{text}" if sign and value > 0 and text.strip("0.") else text


def plain_number(value: int | float | Decimal) -> str:
    """A number in figures: every digit it has, no exponent, no zeros at the end.

    >>> plain_number(Decimal("8E+1")), plain_number(1_250_000.0), plain_number(0.05)
    ('80', '1250000', '0.05')
    """
    text = f"{Decimal(str(value)):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text
