"""Which language a short text is written in: Japanese, English, both, or another. Pure; no model, no data."""

from __future__ import annotations

import re
import unicodedata

TELEGRAM = 8  # words of a note that may do without an everyday one
JAPANESE, ENGLISH, MIXED, OTHER = "ja", "en", "mixed", "other"

_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u30fc]")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3005]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+(?:['\u2019][A-Za-z]+)*")
# Bounded: in a text without blanks each place would otherwise be tried against all that follows.
_ADDRESS = re.compile(r"https?://\S+|[^\s@]{1,64}@\S+")
# Characters of Chinese sentences that Japanese does not write: without kana they tell the two apart.
_CHINESE = re.compile(r"[的了们这吗你您很没说请为么谢还对时个会现后级账号设码发问题无样边让从]")
_COMMON = {
    ENGLISH: """a about after again all also am an and any are as at be because been before but by can cannot can't
        could couldn't did do does doesn't don't down each for from get go got had has have he her here him his how i
        i'm if in into is isn't it its it's just know let like me more most much must my need never no not now of off
        on once one only or other our out over own please said same see she should since so some still than thank
        thanks that the their them then there these they this those through time to too until up us very was wasn't
        we well were what when where which while who why will with without won't would yes yet you your""",
    "de": """aber alle als am auch auf aus bei bin bitte das dass dem den der des die dies doch ein eine einen einer er
        es für haben hat ich ihr im in ist kann kein keine mehr mit nach nicht noch nur oder sehr sich sie sind so
        über um und uns unser von war was wenn wie wir wird wurde zu zum zur""",
    "fr": """au aux avec avez avons ce ces cette dans de des du elle en est et êtes il ils j'ai je la le les leur mais
        merci ne nos notre nous on ou par pas plus pour qu que qui sans se son sont sur très un une vos votre vous""",
    "es": """al aunque como con cuando de del desde el ella en es esta este esto gracias hay la las le lo los más me mi
        muy no nos nuestra nuestro para pero por porque puede que se sin sobre son su sus también un una usted y ya""",
    "it": """al alla anche che ci come con da dal dei del della di e è gli grazie ha ho i il in la le ma mi nel nella
        noi non nostra nostro per perché più quando questo se si sono su un una vostro""",
    "pt": """ao as até com como da das de do dos e é ela ele em está eu foi isso mais mas não nos nossa nosso o obrigado
        os ou para pela pelo por porque que se sem seu sua são também um uma você""",
    "nl": """aan als bij dat de deze die dit een en er geen het hij hoe ik in is kan maar met naar niet nog of om onze
        ook op te uit van voor waar wat we wel wij worden zijn zo""",
    "id": """ada agar akan anda atau bisa dan dari dengan di harus ini itu jika juga kami karena ke kita mohon
        pada saya sebagai sudah terima kasih tidak untuk yang""",
}  # fmt: skip
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}


def plain(text: str) -> str:
    """The text with full- and half-width forms made alike, in lower case, addresses and runs of spaces taken out.

    >>> plain("ﾛｸﾞｲﾝ  ＯＫ！ https://x.example")
    'ログイン ok!'
    """
    folded = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    return " ".join(_ADDRESS.sub(" ", folded).split())


def detect_language(text: str) -> str:
    """``ja``, ``en``, ``mixed`` (a sentence of each) or ``other``, by script and by everyday words.

    Names of products and single English words within Japanese do not make a text mixed. A text without letters is
    ``other``.

    >>> [detect_language(t) for t in ("ログインできません", "I cannot log in", "No puedo entrar en la cuenta", "12:30")]
    ['ja', 'en', 'other', 'other']
    """
    found = plain(text)
    kana, han = len(_KANA.findall(found)), len(_HAN.findall(found))
    words = _LATIN_WORD.findall(found)
    letters = sum(map(len, words))
    strange = sum(char.isalpha() for char in found) - kana - han - letters
    if strange > max(3, 0.2 * (kana + han + letters)):
        return OTHER
    if kana + han == 0:
        return _latin(words)
    if kana == 0 and _CHINESE.search(found):
        return OTHER
    return _with_japanese(kana + han, words)


def _with_japanese(signs: int, words: list[str]) -> str:
    """A text in which Japanese signs stand, with the Latin words beside them."""
    common = sum(word in _WORDS[ENGLISH] for word in words)
    if common >= 3 and len(words) >= 6:
        return MIXED if signs >= 8 else ENGLISH
    return JAPANESE if signs >= 2 or not words else _latin(words)


def _latin(words: list[str]) -> str:
    if not words:
        return OTHER
    counts = {language: sum(word in known for word in words) for language, known in _WORDS.items()}
    english = counts.pop(ENGLISH)
    accented = sum(not word.isascii() for word in words)
    if max(counts.values()) > english or (accented > max(1, 0.15 * len(words)) and accented >= english):
        return OTHER
    # A few words without an everyday one among them: a subject line. A long run of them is no English.
    return ENGLISH if english or len(words) <= TELEGRAM else OTHER
