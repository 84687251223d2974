"""The relationship of an account, from people and what passed with them."""

from datetime import date, timedelta

import pytest

from enishi.stakeholders.contracts import News, Relationship, Said, Someone, Touch, Use
from enishi.stakeholders.judging import judge
from enishi.stakeholders.leaving import speaks_of_parting
from enishi.stakeholders.news import about, whole_names

TODAY = date(2026, 11, 20)
CHAMPION = Someone(1, "champion", "課長")
BOSS = Someone(2, "decision_maker", "取締役")
CLERK = Someone(3, "user", "経理担当")


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def talk(
    person: int | None, days: int, kind: str = "call", two_way: bool = True, member: str = "ono@x.example"
) -> Touch:
    return Touch(ago(days), kind, person, two_way=two_way, member=member)


def judged(people: list[Someone], touches: list[Touch], day: date = TODAY) -> Relationship:
    return judge(people, touches, day)


def tie(found: Relationship, number: int):  # type: ignore[no-untyped-def]
    return next(one for one in found.ties if one.number == number)


# ---- strength ------------------------------------------------------------------------------------------------


def test_the_drivers_add_up_to_the_strength_and_it_decays() -> None:
    touches = [talk(1, days) for days in (3, 20, 40)] + [talk(1, 10, two_way=False)]
    now = tie(judged([CHAMPION], touches), 1)
    assert now.strength == sum(driver.points for driver in now.drivers)
    assert sum(driver.most for driver in now.drivers) == 100
    assert now.word == "strong"
    assert "4" in next(d for d in now.drivers if d.id == "answered").text.en
    later = [
        tie(judged([CHAMPION], touches, TODAY + timedelta(days=days)), 1).strength
        for days in (0, 30, 90, 365)
    ]
    assert later == sorted(later, reverse=True)
    assert later[-1] < 10


def test_half_of_the_points_for_recency_are_gone_after_sixty_days() -> None:
    fresh, old = (tie(judged([CHAMPION], [talk(1, days)]), 1).drivers[0].points for days in (0, 60))
    assert (fresh, old) == (40, 20)


def test_trying_without_an_answer_is_no_strength() -> None:
    tried = tie(judged([CHAMPION], [talk(1, days, two_way=False) for days in (1, 5, 9)]), 1)
    assert tried.strength == 0
    assert tried.word == "weak"
    assert tie(judged([CHAMPION], []), 1).word == "none"


def test_a_second_member_of_ours_and_coming_to_us_count() -> None:
    alone = tie(judged([CHAMPION], [talk(1, 3), talk(1, 9)]), 1)
    two = tie(judged([CHAMPION], [talk(1, 3), talk(1, 9, member="arai@x.example")]), 1)
    came = tie(judged([CHAMPION], [talk(1, 3), talk(1, 9), Touch(ago(4), "ticket", 1)]), 1)
    assert two.strength - alone.strength == 5
    assert came.strength > alone.strength


def test_what_happens_later_is_left_out() -> None:
    touches = [talk(1, days) for days in (1, 5, 9)]
    assert tie(judged([CHAMPION], touches, ago(30)), 1).strength == 0


# ---- threads, levels, roles ----------------------------------------------------------------------------------


def test_a_single_thread_on_either_side() -> None:
    one = judged([CHAMPION, BOSS], [talk(1, 3), talk(1, 30), talk(2, 200), talk(None, 2)])
    assert (one.theirs.single, one.theirs.only, one.theirs.contacts) == (True, 1, 2)
    assert one.ours.single
    two = judged([CHAMPION, BOSS], [talk(1, 3), talk(2, 30, member="arai@x.example")])
    assert not two.theirs.single
    assert not two.ours.single


def test_a_champion_tried_in_vain_is_named_while_others_answer() -> None:
    others = [talk(3, 5), talk(3, 20)]
    tried = [talk(1, days, two_way=False) for days in (10, 40)]
    assert [one.number for one in judged([CHAMPION, CLERK], [*tried, *others]).unanswered] == [1]
    assert not judged([CHAMPION, CLERK], [*tried, talk(1, 150), *others]).unanswered, (
        "answered within the half year"
    )
    assert not judged([CHAMPION, CLERK], others).unanswered, "nobody tried"
    assert not judged([CHAMPION, CLERK], [talk(1, 190, two_way=False), *others]).unanswered, "too long ago"
    assert not judged([CLERK], [talk(3, 5, two_way=False)]).unanswered, "nobody of weight"
    gone = Someone(1, "champion", left_on=ago(2))
    assert not judged([gone], tried).unanswered


def test_contact_with_those_who_left_holds_nothing_up() -> None:
    gone = Someone(4, "champion", left_on=ago(10))
    found = judged([gone, BOSS], [talk(4, days) for days in (20, 30, 40)])
    assert found.silent
    assert not found.theirs.single
    assert [one.number for one in found.gone] == [4]


def test_last_contact_by_level_and_who_is_missing() -> None:
    found = judged([CHAMPION, BOSS, CLERK], [talk(1, 3), talk(2, 90), talk(2, 70)])
    levels = {line.level: (line.known, line.last, line.with_whom) for line in found.levels}
    assert levels["executive"] == (1, ago(70), 2)
    assert levels["manager"] == (1, ago(3), 1)
    assert levels["user"] == (1, None, None)
    assert found.missing == ("influencer", "power_user", "finance")
    assert found.candidates == {"finance": 3}


def test_what_a_member_stated_wins_over_the_proposal() -> None:
    stated = Someone(1, "user", "主任", said=Said(influence="high", level="executive"))
    one = tie(judged([stated], []), 1)
    assert (one.influence.value, one.influence.proposed) == ("high", False)
    assert (one.level.value, one.level.proposed) == ("executive", False)


# ---- sentiment -----------------------------------------------------------------------------------------------


def test_the_latest_answer_of_a_survey_tells_the_sentiment() -> None:
    answers = [
        Touch(ago(200), "survey_answer", 1, measure="nps", score=3),
        Touch(ago(20), "survey_answer", 1, measure="nps", score=9),
    ]
    feeling = tie(judged([CHAMPION], answers), 1).feeling
    assert feeling.value == "positive"
    assert [clue.on for clue in feeling.clues] == [ago(20)]


def test_one_ticket_says_nothing_two_sour_ones_do() -> None:
    sour = [Touch(ago(days), "ticket", 1, tone=-0.8) for days in (5, 9)]
    assert tie(judged([CHAMPION], sour[:1]), 1).feeling.value == ""
    assert tie(judged([CHAMPION], sour), 1).feeling.value == "negative"


def test_a_stated_sentiment_holds_until_it_expires() -> None:
    said = Someone(1, "champion", said=Said(feeling="negative", feeling_until=ago(0)))
    happy = [Touch(ago(2), "survey_answer", 1, measure="nps", score=10)]
    assert tie(judged([said], happy), 1).feeling.value == "negative"
    assert tie(judged([said], happy, TODAY + timedelta(days=1)), 1).feeling.value == "positive"


# ---- leaving -------------------------------------------------------------------------------------------------


def signs(person: Someone, touches: list[Touch], day: date = TODAY) -> dict[str, int]:
    return {sign.id: sign.weight for sign in tie(judged([person], touches, day), person.number).signs}


def test_a_bounce_stands_as_in_the_score_and_weighs_less_where_the_person_was_seen_since() -> None:
    bounced = Someone(1, "champion", bounced_on=ago(20))
    assert signs(bounced, [talk(1, 40)]) == {"bounced": 70}
    assert signs(bounced, [talk(1, 5)]) == {"bounced": 25}
    used = Someone(1, "champion", bounced_on=ago(20), use=Use(ago(2), 60))
    [sign] = tie(judged([used], []), 1).signs
    assert (sign.weight, sign.on) == (25, ago(20))
    assert "seen since" in sign.text.en


def test_silence_after_regular_contact_weighs_more_where_we_tried() -> None:
    regular = [talk(1, days) for days in (100, 114, 128, 142)]
    assert signs(CHAMPION, regular) == {"quiet": 25}
    assert signs(CHAMPION, [*regular, talk(1, 50, two_way=False), talk(1, 20, two_way=False)]) == {
        "quiet": 45
    }
    assert signs(CHAMPION, regular, ago(80)) == {}, "not yet longer than usual"
    assert signs(CHAMPION, regular[:2]) == {}, "twice is no habit"
    assert signs(CHAMPION, [*regular, Touch(ago(10), "ticket", 1)]) == {}, "who writes to support is there"


def test_silence_after_regular_use() -> None:
    assert signs(Someone(1, use=Use(ago(90), 40)), []) == {"unused": 35}
    assert signs(Someone(1, use=Use(ago(90), 3)), []) == {}
    assert signs(Someone(1, use=Use(ago(20), 40)), []) == {}
    assert signs(Someone(1, use=Use(ago(90), 40)), [talk(1, 3)]) == {}


def test_words_of_leaving_count_from_the_person_or_with_their_name() -> None:
    assert speaks_of_parting("このたび退職することになりました。後任は追ってご連絡します。")
    assert not speaks_of_parting("退職者のアカウントを削除したいです。")
    assert speaks_of_parting("定例会。佐藤様は4月に異動されるとのこと。", "佐藤")
    assert not speaks_of_parting("担当者の異動が多い。佐藤様から相談。", "佐藤")
    assert speaks_of_parting("Grace Nolan is leaving in March.", "Nolan")
    parted = [Touch(ago(10), "ticket", 1, parting=True)]
    assert signs(CHAMPION, parted) == {"parting": 55}
    assert signs(CHAMPION, parted, TODAY + timedelta(days=200)) == {}


def test_an_announced_leaving_and_signs_together() -> None:
    one = Someone(1, "champion", bounced_on=ago(3), said=Said(leaving_on=ago(-30), on=ago(1)))
    found = judged([one], [])
    assert found.departing[0].leaving == 97
    assert [sign.id for sign in found.departing[0].signs] == ["announced", "bounced"]
    gone = Someone(1, "champion", bounced_on=ago(3), left_on=ago(5))
    assert judged([gone], []).departing == ()


def test_a_name_repeated_without_end_is_read_at_once() -> None:
    assert not speaks_of_parting("佐藤様" * 100_000, "佐藤")
    assert speaks_of_parting("佐藤様" * 100_000 + "が退職。", "佐藤")
    assert not speaks_of_parting("佐藤様。" * 100_000 + "鈴木様が退職。", "佐藤")


# ---- news ----------------------------------------------------------------------------------------------------

LEAVES = News(ago(20), "さくら商事、山本太一取締役が退任", "https://www.press.example/a/1", "crm")


def test_news_of_leaving_is_a_sign_with_its_reason_day_and_source() -> None:
    found = tie(judged([Someone(1, "champion", news=(LEAVES,))], [talk(1, 5)]), 1)
    (sign,) = found.signs
    assert (sign.id, sign.weight, sign.on, sign.link) == (
        "news",
        80,
        ago(20),
        "https://www.press.example/a/1",
    )
    assert "山本太一取締役が退任(press.example)" in sign.text.ja
    assert found.leaving == 80
    assert signs(Someone(1, news=(LEAVES,)), [], ago(30)) == {}, "published later than the day asked for"
    assert signs(Someone(1, left_on=ago(3), news=(LEAVES,)), []) == {}, "who is known to be gone"
    bare = News(ago(20), "社長交代", source="crm")
    assert "(crm)" in tie(judged([Someone(1, news=(bare,))], []), 1).signs[0].text.ja


def test_news_weighs_little_where_the_person_was_seen_long_after() -> None:
    old = News(ago(120), "山本太一氏が退任")
    assert signs(Someone(1, news=(old,)), [talk(1, 40)]) == {"news": 80}, "changes are published ahead"
    assert signs(Someone(1, news=(old,)), [talk(1, 5)]) == {"news": 25}
    assert signs(Someone(1, news=(old, LEAVES)), [talk(1, 5)]) == {"news": 80}, "the newest counts"


def test_an_item_is_about_whom_its_source_names_or_else_whose_whole_name_it_holds() -> None:
    named = News(ago(2), "Board changes", person=7)
    by_headline = News(ago(2), "Acme: Erin  Walsh steps down")
    walsh = whole_names("Walsh", "Erin", "Erin Walsh")
    assert about([named, by_headline], 7, ()) == (named,)
    assert about([named, by_headline], 8, walsh) == (by_headline,)
    assert about([by_headline], 9, whole_names("Walsh", "", "Walsh")) == (), "a family name is of many"
    assert about([LEAVES], 1, whole_names("山本", "太一", "山本 太一")) == (LEAVES,)
    assert about([LEAVES], 1, whole_names("山本", "太二", "山本 太二")) == ()
    joan = News(ago(2), "Joann Leeds leaves Acme")
    assert about([News(ago(2), "José Ruiz leaves")], 3, whole_names("Ruiz", "José", "José Ruiz"))
    assert about([joan], 3, whole_names("Lee", "Ann", "Ann Lee")) == (), "a name within others"


@pytest.mark.parametrize(
    ("family", "given", "headline"),
    [
        ("林", "直樹", "さくら商事の林直樹氏が退任"),
        ("林", "直樹", "林 直樹さん、退職へ"),
        ("林", "直樹", "【人事】林\u3000直樹"),
        ("林", "直樹", "取締役林直樹が辞任"),
        ("林", "直樹", "さくら商事社長林直樹氏が退任"),
        ("林", "直樹", "林直樹社長が交代"),
        ("林", "直樹", "林直樹営業部長が異動"),
        ("林", "直樹", "林直樹前社長の処遇"),
        ("林", "直樹", "林直樹、田中優の両氏が退任"),
        ("林", "直樹", "林直樹退任、後任は未定"),
        ("山本", "太一", "専務執行役員山本太一CFOが退任"),
        ("谷川", "直樹", "谷川直樹部長が退任"),
        ("谷川", "直樹", "取締役谷川直樹氏"),
        ("佐々木", "一", "佐々木一様がご退任"),
        ("リー", "アン", "アン・リー氏が退任"),
        ("Lee", "Ann", "社長Ann Lee氏が退任"),
        ("Lee", "Ann", "Ann Lee's last day"),
        ("O’Brien", "Ann", "CFO ANN O’BRIEN steps down"),
    ],
)
def test_a_headline_names_whoever_it_names_in_whole(family: str, given: str, headline: str) -> None:
    item = News(ago(2), headline)
    assert about([item], 1, whole_names(family, given, f"{family} {given}")) == (item,)


@pytest.mark.parametrize(
    ("family", "given", "headline"),
    [
        ("林", "直樹", "小林直樹の退任について"),
        ("林", "直樹", "若林 直樹氏が退任"),
        ("林", "直", "林直樹氏が退任"),
        ("山本", "太一", "山本太一郎氏が退任"),
        ("山本", "太一", "山本太一朗部長が退任"),
        ("谷川", "直樹", "同社長谷川直樹氏が退任"),
        ("木", "一郎", "佐々木一郎氏が退任"),
        ("リー", "アン", "ジョアン・リー氏が退任"),
        ("リー", "アン", "アン・リード氏が退任"),
        ("Lee", "Ann", "Mary-Ann Lee leaves"),
        ("Lee", "Ann", "Ann Lee-Smith leaves"),
        ("Lee", "Ann", "Joann Lee leaves"),
    ],
)
def test_a_name_within_a_longer_one_is_of_somebody_else(family: str, given: str, headline: str) -> None:
    assert about([News(ago(2), headline)], 1, whole_names(family, given, f"{family} {given}")) == ()
    assert about([News(ago(2), headline)], 1, whole_names("", "", f"{family} {given}")) == ()
