"""Numbers, money, days and names as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from enishi.accounts.models import Contact, Member
from enishi.web import words
from enishi.web.devices import name_device


@pytest.mark.parametrize(
    ("minor", "currency", "language", "expected"),
    [
        (4_500_000, "JPY", "ja", "4,500,000円"),
        (4_500_000, "JPY", "en", "¥4,500,000"),
        (199_900, "USD", "en", "$1,999.00"),
        (None, "JPY", "ja", "–"),
        (-1200, "JPY", "ja", "−1,200円"),
    ],
)
def test_money(minor: int | None, currency: str, language: str, expected: str) -> None:
    assert words.money(minor, currency, language) == expected


@pytest.mark.parametrize(
    ("minor", "language", "expected"),
    [
        (450_000_000, "ja", "4.5億円"),
        (10_000, "ja", "1万円"),
        (9_800, "ja", "9,800円"),
        (1_234_567, "ja", "123万円"),
        (3_200_000_000_000, "ja", "3.2兆円"),
        (450_000_000, "en", "¥450M"),
        (4_500_000, "en", "¥4.5M"),
        (980, "en", "¥980"),
    ],
)
def test_short_money(minor: int, language: str, expected: str) -> None:
    assert words.money_short(minor, "JPY", language) == expected


def test_a_sign_stays_with_its_currency() -> None:
    assert words.unbroken(words.money_short(-290_000, "GBP", "en")) == "−\u2060£2.9K"
    assert words.unbroken("−1,200円") == "−1,200円"
    assert words.unbroken("£67.20") == "£67.20"


def test_ranges_are_written_one_way() -> None:
    assert [words.to("ja"), words.to("en"), words.to("en", signed=True)] == ["〜", "–", " to "]


def test_points_and_percent() -> None:
    assert [words.likely(share) for share in (0.023, 0.18, None)] == ["2.3%", "18%", "–"]
    assert words.points(723) == "72.3"
    assert words.points(-41, sign=True) == "−4.1"
    assert words.points(41, sign=True) == "+4.1"
    assert words.points(0, sign=True) == "0.0"
    assert words.percent(0.873) == "87.3%"
    assert words.percent(Decimal("1.02"), 0) == "102%"


def test_days_in_both_languages() -> None:
    on = date(2026, 11, 21)
    assert words.day(on, "ja") == "2026年11月21日"
    assert words.day(on, "en") == "21 Nov 2026"
    assert words.day(on, "ja", today=date(2026, 1, 1)) == "11月21日"
    at = datetime(2026, 11, 18, 5, 5, tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo"))
    assert words.instant(at, "ja") == "2026年11月18日 14:05 JST"


def test_relative_times() -> None:
    now = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    with translation.override("ja"):
        assert words.relative(now - timedelta(days=3), now) == "3日前"
        assert words.relative(now - timedelta(minutes=5), now) == "5分前"
        assert words.relative_day(date(2026, 12, 3), date(2026, 11, 21)) == "あと12日"
        assert words.relative_day(date(2026, 11, 21), date(2026, 11, 21)) == "今日"
    with translation.override("en"):
        assert words.relative(now - timedelta(hours=1), now) == "1 hour ago"
        assert words.relative_day(date(2026, 11, 22), date(2026, 11, 21)) == "tomorrow"


def test_names_are_read_as_their_letters_are_and_addressed() -> None:
    assert words.person(Member(family_name="佐藤", given_name="直子", email="sato@example.jp")) == "佐藤 直子"
    assert words.person(Contact(family_name="ササキ", given_name="Ken")) == "ササキ Ken"
    for language in ("ja", "en"):
        with translation.override(language):
            assert words.person(Member(family_name="Ward", given_name="Emily")) == "Emily Ward"
            assert words.person(Contact(family_name="O’Neill", given_name="Zoë")) == "Zoë O’Neill"
    assert words.person(Contact(family_name="Reed", given_name="Rose", name="REED, Rose")) == "REED, Rose"
    assert words.addressed("佐藤 直子", "ja") == "佐藤 直子 様"
    assert words.addressed("株式会社花山", "ja", organisation=True) == "株式会社花山 御中"
    assert words.addressed("Sato Naoko", "en") == "Sato Naoko"
    assert words.person(Member(email="a@b.example")) == "a"


@pytest.mark.parametrize(
    ("sent", "called"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36", "Chrome · Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/19.0 Mobile Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox · Linux"),
        ("curl/8.9", "curl/8.9"),
        ("", "不明な端末"),
    ],
)  # fmt: skip
def test_a_device_has_the_name_people_use(sent: str, called: str) -> None:
    with translation.override("ja"):
        assert name_device(sent) == called
