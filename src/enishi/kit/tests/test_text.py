"""Folding and two-language texts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.kit.text import Text, fold, full_name, name_words, plain_number


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ｴﾆｼ", "エニシ"),
        ("えにし", "エニシ"),
        ("ＡＢＣ商事", "abc商事"),
        ("ｶﾞｷﾞｸﾞ", "がぎぐ"),
        ("株式会社　縁", "株式会社 縁"),
        ("㈱縁", "(株)縁"),
        ("ヴ", "ゔ"),
        ("STRASSE", "straße"),
    ],
)
def test_the_same_name_however_it_is_typed(typed, stored):
    assert fold(typed) == fold(stored)


@pytest.mark.parametrize(
    "typed",
    [
        "株式会社清流百貨", "清流百貨株式会社", "(株)清流百貨", "清流百貨（株）", "㈱清流百貨", "清流百貨㈱", "㈲清流百貨",
        "（有）清流百貨", "合同会社　清流百貨", "清流百貨 (同)", "清流百貨, Inc.", "清流百貨 Co., Ltd.", "清流百貨Co.,Ltd.",
        "清流百貨 K.K.", "清流百貨 LLC",
    ],
)  # fmt: skip
def test_a_company_is_looked_for_without_its_legal_form(typed):
    assert name_words(typed) == ["清流百貨"]


@pytest.mark.parametrize("typed", ["コクヨ", "Coco", "Incite", "acme.co.jp", "info@co.example", "Co-op"])
def test_what_only_looks_like_a_legal_form_stays(typed):
    assert name_words(typed) == [fold(typed)]


def test_a_legal_form_alone_is_looked_for_as_it_is_typed():
    assert name_words("（株）") == ["(株)"]
    assert name_words("Inc.") == ["inc."]
    assert name_words("") == []


def test_different_names_stay_different():
    assert fold("エニシ") != fold("エミシ")
    assert fold("はし") != fold("ばし")
    assert fold("ヶ") == fold("ゖ")


@given(st.text())
def test_folding_twice_changes_nothing_for_names_people_type(text):
    plain = "".join(c for c in text if c.isalnum() or c == " ")
    once = fold(plain)
    assert fold(once) == fold(fold(once))


def test_a_text_speaks_the_readers_language():
    text = Text("Account", "顧客企業")
    assert text.in_language("ja") == text.in_language("ja-JP") == "顧客企業"
    assert text.in_language("en") == text.in_language("fr") == "Account"


def test_a_text_from_a_file_may_be_in_one_language():
    assert Text.parse("Usage") == Text("Usage", "Usage")
    assert Text.parse({"ja": "利用"}) == Text("利用", "利用")
    assert Text.parse({"en": "Usage", "ja": "利用"}) == Text("Usage", "利用")


@pytest.mark.parametrize(
    ("family", "given", "read"),
    [
        ("佐藤", "花子", "佐藤 花子"),
        ("ササキ", "Ken", "ササキ Ken"),
        ("Ward", "Emily", "Emily Ward"),
        ("O’Neill", "Zoë", "Zoë O’Neill"),
        ("김", "민준", "김 민준"),
        ("Ward", "", "Ward"),
        ("", " 花子 ", "花子"),
        ("", "", ""),
    ],
)
def test_a_name_is_read_in_the_order_of_its_letters(family, given, read):
    assert full_name(family, given) == read


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("8E+1"), "80"),
        (Decimal("72.50"), "72.5"),
        (1_250_000.0, "1250000"),
        (1e20, "100000000000000000000"),
        (0.0000001, "0.0000001"),
        (-0.0, "0"),
        (0, "0"),
        (100, "100"),
    ],
)
def test_a_number_is_written_out(value, written):
    assert plain_number(value) == written
