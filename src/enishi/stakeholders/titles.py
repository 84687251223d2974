"""What a job title says of a person's level, and what title and role say of influence. Proposals, never facts."""

from __future__ import annotations

import re
import unicodedata

from enishi.kit.text import Text
from enishi.stakeholders.contracts import LEVELS, ROLE_TITLES, Stated

# Who works for somebody of rank is not of that rank; what sells or serves accounts is no executive.
_AROUND = re.compile(
    r"秘書|(社長|会長|役員|ceo)室|補佐|付$|assistant|secretary|office of|(account|sales|service|support) executive"
)
_EXECUTIVE = re.compile(
    r"代表取締役|取締役|執行役|役員|社長|会長|頭取|専務|常務|監査役|相談役|理事|院長|学長|校長|園長|オーナー|創業者|経営者"
    r"|^代表|代表社員|最高.{1,10}責任者"
    r"|\bc[a-z]{1,2}o\b|\bchief\b.*\bofficer\b|\bchief of staff\b|\b[se]?vp\b|\bvice[- ]president\b|\bpresident\b"
    r"|\bmanaging director\b|\bexecutive director\b|\bfounder\b|\bco-?founder\b|\bowner\b|\bpartner\b|\bchair(man|woman|person)?\b"
    r"|\bboard member\b|\bexecutive\b"
)
_NO_EXECUTIVE = re.compile(
    r"\b(product|process|data|service|system|content) owner\b|\bbusiness partner\b|^代表電話"
)
_MANAGER = re.compile(
    r"部長|課長|室長|次長|局長|所長|支店長|支社長|工場長|店長|館長|センター長|グループ長|チーム長|ユニット長|マネー?ジャー|部門長|統括|責任者"
    r"|\bdirector\b|\bhead\b|\bmanager\b|\bmgr\b|\bgm\b|\bsuperintendent\b|\bcontroller\b|\bprincipal\b"
)  # fmt: skip
_FINANCE = re.compile(r"経理|財務|会計|購買|\bfinance|\baccount(ing|s)\b|\bpayable|\btreasur|\bprocurement|\bpurchas|\bcontroller\b|\bcfo\b")  # fmt: skip


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace(".", "").split())


def level_of(title: str) -> str:
    """``executive``, ``manager``, ``user``; empty where there is no title.

    >>> [level_of(t) for t in ("代表取締役社長", "情報システム部長", "課長補佐", "CFO", "Head of Planning", "社長秘書", "")]
    ['executive', 'manager', 'user', 'executive', 'manager', 'user', '']
    """
    plain = _plain(title)
    if not plain:
        return ""
    if _AROUND.search(plain):
        return "user"
    if _EXECUTIVE.search(plain) and not _NO_EXECUTIVE.search(plain):
        return "executive"
    return "manager" if _MANAGER.search(plain) else "user"


def role_of(title: str, department: str, level: str) -> str:
    """The role somebody without one might have; empty where nothing speaks for any."""
    if _FINANCE.search(_plain(f"{title} {department}")):
        return "finance"
    return "decision_maker" if level == "executive" else ""


def propose_level(title: str) -> Stated:
    level = level_of(title)
    if not level:
        return Stated("", True, Text("No job title is known.", "役職が登録されていません。"))
    return Stated(
        level, True, Text(f"Proposed from the title “{title}”.", f"役職「{title}」からの推定です。")
    )


_BY_ROLE = {"decision_maker": "high", "champion": "medium", "influencer": "medium", "finance": "medium"}
_BY_LEVEL = {"executive": "high", "manager": "medium"}
_ORDER = ("low", "medium", "high")


def propose_influence(role: str, level: str) -> Stated:
    """The stronger of what role and level speak for; empty where neither is known.

    >>> propose_influence("user", "executive").value, propose_influence("champion", "user").value
    ('high', 'medium')
    """
    if not role and not level:
        return Stated(
            "", True, Text("Neither role nor title is known.", "役割・役職とも登録されていません。")
        )
    by_role, by_level = _BY_ROLE.get(role, "low"), _BY_LEVEL.get(level, "low")
    value = max(by_role, by_level, key=_ORDER.index)
    grounds = [title for title in (ROLE_TITLES.get(role), LEVELS.get(level)) if title]
    en = ", ".join(title.en.lower() for title in grounds)
    ja = "、".join(title.ja for title in grounds)
    return Stated(
        value, True, Text(f"Proposed from role and level: {en}.", f"役割・職位からの推定です({ja})。")
    )
