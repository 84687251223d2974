"""Cells as people write them, and what must not be guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.accounts.coercion import Refused
from enishi.ingest.amounts import decimals_in, other_currency, read_amount, read_currency
from enishi.ingest.values import (
    Habits,
    day_order_of,
    read_boolean,
    read_choice,
    read_date,
    read_instant,
    read_value,
)
from enishi.store.kinds import INTERACTION, KINDS, SUBSCRIPTION, TICKET

HABITS = Habits()
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    "text",
    [
        "2024-04-01", "2024/4/1", "2024.4.1", "2024年4月1日", "２０２４年４月１日", "2024年4月1日(月)", "20240401", "令和6年4月1日",
        "R6.4.1", "r6/04/01", "Ｒ６．４．１", "令和6年4月1日（月）", "Apr 1, 2024", "April 1 2024", "1 Apr 2024", "1st April 2024",
        "1-Apr-2024", "Mon, 1 Apr 2024", "45383", "2024年4月", "2024/04", "2024-04-01T09:30:00+09:00", "2024/4/1 9:30", "1711897200",
    ],
)  # fmt: skip
def test_the_first_of_april_2024_in_every_habit(text):
    assert read_date(text, HABITS) == date(2024, 4, 1)


@pytest.mark.parametrize(("text", "day"), [
    ("令和元年5月1日", date(2019, 5, 1)), ("H31.4.30", date(2019, 4, 30)), ("平成1年1月8日", date(1989, 1, 8)), ("S64.1.7", date(1989, 1, 7)),
])  # fmt: skip
def test_eras(text, day):
    assert read_date(text, HABITS) == day


@pytest.mark.parametrize(
    "text", ["2024-13-01", "2024年2月30日", "あした", "4/1", "Smarch 1, 2024", "12", "2024-04-01 25:99"]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(Refused):
        read_date(text, HABITS)


def test_an_ambiguous_date_is_asked_not_guessed():
    with pytest.raises(Refused) as refused:
        read_date("03/04/2024", HABITS)
    assert "03/04/2024" in refused.value.text.ja
    assert read_date("03/04/2024", Habits("dmy")) == date(2024, 4, 3)
    assert read_date("03/04/2024", Habits("mdy")) == date(2024, 3, 4)
    assert read_date("24/04/03", Habits("ymd")) == date(2024, 4, 3)
    with pytest.raises(Refused):
        read_date("25/04/2024", Habits("mdy"))


def test_a_column_tells_its_order_where_it_can():
    assert day_order_of(["2024/4/1", None, 5]) == ""
    assert day_order_of(["03/04/2024", "04/05/2024"]) == "ask"
    assert day_order_of(["03/04/2024", "13/05/2024"]) == "dmy"
    assert day_order_of(["03/04/2024", "05/13/2024"]) == "mdy"
    assert day_order_of(["24/04/13"]) == "ask"
    assert day_order_of(["99/04/13"]) == "ymd"
    assert day_order_of(["13/05/2024", "05/13/2024"]) == "ask"


@pytest.mark.parametrize(("text", "instant"), [
    ("2024年4月1日 午後3時05分", datetime(2024, 4, 1, 15, 5, tzinfo=TOKYO)), ("2024/4/1 3:05 PM", datetime(2024, 4, 1, 15, 5, tzinfo=TOKYO)),
    ("2024-04-01T06:05:00Z", datetime(2024, 4, 1, 6, 5, tzinfo=UTC)), ("2024-04-01 06:05:07.250 +0000", datetime(2024, 4, 1, 6, 5, 7, 250000, UTC)),
    ("2024/4/1 25:30", datetime(2024, 4, 2, 1, 30, tzinfo=TOKYO)), ("2024/4/1 9時", datetime(2024, 4, 1, 9, tzinfo=TOKYO)),
    ("1711951200000", datetime(2024, 4, 1, 6, tzinfo=UTC)), ("45383.5", datetime(2024, 4, 1, 12, tzinfo=TOKYO)),
    ("2024/4/1 12:00 am", datetime(2024, 4, 1, 0, tzinfo=TOKYO)), ("2024-04-01 10:00 JST", datetime(2024, 4, 1, 10, tzinfo=TOKYO)),
])  # fmt: skip
def test_instants(text, instant):
    assert read_instant(text, HABITS) == instant


def test_no_end_is_no_date():
    assert read_date("9999-12-31", HABITS) is None


@pytest.mark.parametrize(("text", "amount", "currency"), [
    ("¥1,200", "1200", "JPY"), ("￥1,200-", None, ""), ("1,200円", "1200", "JPY"), ("１２３", "123", ""), ("12.5万円", "125000", "JPY"),
    ("1億2,000万円", "120000000", "JPY"), ("△1,200", "-1200", ""), ("▲1,200円", "-1200", "JPY"), ("(1,200)", "-1200", ""),
    ("-¥1,200", "-1200", "JPY"), ("¥-1,200", "-1200", "JPY"), ("$3.4k", "3400", "USD"), ("US$ 1,000.50", "1000.50", "USD"),
    ("1200 JPY", "1200", "JPY"), ("50名", "50", ""), ("12ヶ月", "12", ""), ("30分", "30", ""), ("1,2,3", None, ""), ("12,5", None, ""),
    ("1万2,500円", "12500", "JPY"), ("abc", None, ""), ("+5", "5", ""), ("5 seats", "5", ""), (".5", "0.5", ""), ("", None, ""), ("-", None, ""),
])  # fmt: skip
def test_amounts(text, amount, currency):
    if amount is None:
        with pytest.raises(Refused):
            read_amount(text)
    else:
        assert read_amount(text) == (Decimal(amount), currency)


@pytest.mark.parametrize(("text", "marks", "with_comma"), [
    ("1.234,50", ",", "1234.50"), ("€ 2.500", ",.", "2500"), ("12,5", ",", "12.5"), ("1.250", ",.", "1250"), ("1.234.567", ",", "1234567"),
    ("1 250,00 €", ",", "1250.00"), ("-3,4k", ",", "-3400"), ("0,125", ",", "0.125"), ("1,250", ",.", "1.250"), ("1250", "", "1250"),
    ("0.125", ".", None), ("1,250.00", ".", None), ("1.5", ".", None), ("2024.04.01", "", None), ("Ver. 2", "", None),
])  # fmt: skip
def test_amounts_with_a_comma_before_decimals(text, marks, with_comma):
    assert decimals_in(text) == set(marks)
    if with_comma is None:
        with pytest.raises(Refused):
            read_amount(text, ",")
    else:
        assert read_amount(text, ",")[0] == Decimal(with_comma)


def test_the_sign_of_an_amount_is_read_by_the_habit_of_its_column():
    assert other_currency("£ 1.234,50", "EUR", ",") == "GBP"


@pytest.mark.parametrize(
    "word", ["済", "済み", "入金済", "○", "〇", "はい", "Yes", "TRUE", "1", "有", "あり", "ｙ", True, "レ"]
)
def test_yes(word):
    assert read_boolean(word) is True


@pytest.mark.parametrize(
    "word", ["未", "未入金", "×", "いいえ", "no", "FALSE", "0", "無", "なし", False, "unpaid"]
)
def test_no(word):
    assert read_boolean(word) is False


def test_a_cross_is_not_a_tick():
    with pytest.raises(Refused):
        read_boolean("x")


@pytest.mark.parametrize(("field", "word", "name"), [
    (TICKET.field("severity"), "緊急", "urgent"), (TICKET.field("severity"), "P1", "high"), (TICKET.field("severity"), "Sev 2", "high"),
    (TICKET.field("severity"), "Trivial", "low"), (SUBSCRIPTION.field("interval"), "Yearly (prepaid)", "year"), (SUBSCRIPTION.field("interval"), "年払い", "year"),
    (SUBSCRIPTION.field("interval"), "Monthly", "month"), (INTERACTION.field("type"), "打ち合わせ", "meeting"), (INTERACTION.field("type"), "ＴＥＬ", "call"),
])  # fmt: skip
def test_choices_by_title_and_habit(field, word, name):
    assert read_choice(field, word) == name


def test_every_choice_is_read_by_its_titles():
    for kind in KINDS.values():
        for field in kind.fields:
            for name, title in field.choices:
                assert {read_choice(field, w) for w in (name, title.en, title.ja, title.en.upper())} == {name}


@pytest.mark.parametrize(
    ("word", "code"),
    [("円", "JPY"), ("日本円", "JPY"), ("usd", "USD"), ("米ドル", "USD"), ("€", "EUR"), ("Euro", "EUR")],
)
def test_currencies(word, code):
    assert read_currency(word) == code


def test_empty_cells_say_nothing():
    for field in SUBSCRIPTION.fields:
        assert read_value(field, "", HABITS) is None
        assert read_value(field, None, HABITS) is None
    assert read_value(SUBSCRIPTION.field("ended_on"), "ー", HABITS) is None
    assert read_value(SUBSCRIPTION.field("plan"), "-", HABITS) == "-"
    assert read_value(SUBSCRIPTION.field("id"), 1001.0, HABITS) == "1001"


@given(st.dates(date(1950, 1, 1), date(2100, 12, 31)))
def test_every_day_is_read_back_from_every_way_of_writing_it(day):
    y, m, d = day.year, day.month, day.day
    written = [
        day.isoformat(),
        f"{y}/{m}/{d}",
        f"{y}年{m}月{d}日",
        f"{y}{m:02}{d:02}",
        day.strftime("%b %d, %Y"),
        day.strftime("%d %B %Y"),
    ]
    if day >= date(2019, 5, 1) and y - 2018 < 100:
        written += [f"令和{y - 2018}年{m}月{d}日", f"R{y - 2018}.{m}.{d}"]
    for text in written:
        assert read_date(text, HABITS) == day, text
    assert read_date(f"{d}/{m}/{y}", Habits("dmy")) == read_date(f"{m}/{d}/{y}", Habits("mdy")) == day


@given(st.integers(631152000, 3786912000).map(lambda second: datetime.fromtimestamp(second, UTC)))
def test_iso_instants_are_read_exactly(instant):
    assert read_instant(instant.isoformat(), HABITS) == instant
    local = instant.astimezone(TOKYO).replace(microsecond=0, tzinfo=None)
    assert read_instant(local.strftime("%Y/%m/%d %H:%M:%S"), HABITS) == local.replace(tzinfo=TOKYO)


@given(st.integers(-(10**12), 10**12))
def test_every_whole_amount_is_read_back(number):
    sign = "-" if number < 0 else ""
    for text in (str(number), f"{number:,}", f"{sign}¥{abs(number):,}", f"{number:,}円"):
        assert read_amount(text)[0] == number, text
    wide = str(number).translate(str.maketrans("0123456789-", "０１２３４５６７８９−"))
    assert read_amount(wide)[0] == number


@given(st.text(max_size=30))
def test_nothing_but_a_refusal_comes_of_nonsense(text):
    for field in (f for kind in KINDS.values() for f in kind.fields):
        try:
            read_value(field, text, HABITS)
        except Refused as refused:
            assert refused.text.ja  # noqa: PT017


def test_nothing_reads_the_same_moment_twice():
    assert read_instant("2024-04-01 00:00", HABITS) - read_instant("2024-03-31 23:59", HABITS) == timedelta(
        minutes=1
    )


def test_a_part_of_a_whole_number_is_told_as_such_whatever_the_mark():
    comma = Habits(decimal=",")
    seats, amount = SUBSCRIPTION.field("seats"), SUBSCRIPTION.field("amount")
    with pytest.raises(Refused, match=r"'5\.5' is not a whole number"):
        read_value(seats, "5.5", comma)
    with pytest.raises(Refused, match="is no number with a decimal comma"):
        read_value(amount, "5.5", comma)
    with pytest.raises(Refused, match="is no number with a decimal comma"):
        read_value(seats, "1,250,000", comma)
