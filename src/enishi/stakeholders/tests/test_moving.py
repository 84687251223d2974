from dataclasses import replace
from datetime import date

from enishi.stakeholders.moving import Trace, find_moves, mail_name

FORMER = Trace(
    1, 10, "佐々木恵子", "ササキ ケイコ", "sasaki.keiko@a.example", "03-1111-2222", "u-1",
    since=date(2024, 1, 10), left_on=date(2026, 3, 31), alive_on=date(2026, 3, 20),
)  # fmt: skip
PRESENT = Trace(
    2,
    20,
    "佐々木恵子",
    "ササキ ケイコ",
    "sasaki.keiko@b.example",
    "03-3333-4444",
    "u-9",
    since=date(2026, 5, 22),
)


def moves(*traces: Trace) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(one.former, one.present, one.reasons) for one in find_moves(traces)]


def test_who_left_and_appears_elsewhere_under_the_same_name_is_proposed() -> None:
    expected = [(1, 2, ("mail_name", "name", "kana", "left_before"))]
    assert moves(FORMER, PRESENT) == expected
    assert moves(PRESENT, FORMER) == expected, "whatever the order"


def test_a_namesake_who_never_left_is_nobody_to_ask_about() -> None:
    staying = replace(FORMER, left_on=None, alive_on=date(2026, 11, 1))
    assert moves(staying, PRESENT) == []
    assert moves(replace(FORMER, left_on=None, alive_on=None), PRESENT) == [], (
        "name and mail name are one ground"
    )
    assert moves(replace(FORMER, left_on=date(2024, 5, 1)), PRESENT) == [], "left two years before"


def test_common_names_need_more() -> None:
    others = [
        replace(FORMER, number=n, account=n, mail=f"x{n}@c.example", phone="", user_id="", left_on=None)
        for n in (30, 31)
    ]
    assert moves(FORMER, PRESENT, *others) == []


def test_an_id_or_a_phone_of_ones_own_makes_a_person() -> None:
    plain = replace(PRESENT, mail="s.keiko@b.example", kana="")
    assert moves(FORMER, plain) == []
    assert moves(FORMER, replace(plain, user_id="U-1"))[0][2] == ("user_id", "name", "left_before")
    assert moves(FORMER, replace(plain, phone="0311112222"))[0][2] == ("phone", "name", "left_before")
    desk = [replace(FORMER, number=n, account=n, name=f"他人{n}", mail="", user_id="") for n in (40, 41)]
    shared = moves(FORMER, replace(plain, phone="0311112222"), *desk)
    assert all("phone" not in reasons for _a, _b, reasons in shared), "a phone of many is a switchboard"


def test_people_of_one_account_and_desks_are_no_moves() -> None:
    assert moves(FORMER, replace(PRESENT, account=10)) == []
    assert mail_name("info@a.example") == ""
    assert mail_name("support-1@a.example") == ""
    assert mail_name("Ito@a.example") == ""
    assert mail_name("Ｋ.Ito2@a.example") == ""
    assert mail_name("keiko.ito@a.example") == "keiko.ito"
