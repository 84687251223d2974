import pytest

from enishi.stakeholders.titles import level_of, propose_influence, propose_level, role_of

EXECUTIVES = (
    "代表取締役社長", "代表取締役", "取締役", "執行役員", "常務執行役員 CFO", "ＣＦＯ", "監査役", "代表", "最高情報責任者", "副社長", "院長",
    "CEO", "C.E.O.", "Chief Operating Officer", "VP Operations", "SVP, Sales", "Vice President", "President & Founder",
    "Managing Director", "Partner", "Owner",
)  # fmt: skip
MANAGERS = (
    "情報システム部長", "課長", "部長代理", "経営企画室長", "次長", "店長", "事業部長", "営業マネージャー", "ＩＴ統括",
    "Head of Planning", "Director of IT", "Operations Manager", "Finance Manager", "Financial Controller",
)  # fmt: skip
STAFF = (
    "主任", "係長", "担当", "一般職", "社長秘書", "社長室 担当", "課長補佐", "部長付", "業務担当リーダー",
    "Team Lead", "Analyst", "Executive Assistant", "Assistant to the CEO", "Account Executive", "Product Owner",
    "HR Business Partner", "Coordinator",
)  # fmt: skip


@pytest.mark.parametrize(
    ("level", "titles"), [("executive", EXECUTIVES), ("manager", MANAGERS), ("user", STAFF)]
)
def test_the_level_of_titles_in_both_languages(level: str, titles: tuple[str, ...]) -> None:
    assert {title: level_of(title) for title in titles} == dict.fromkeys(titles, level)


def test_without_a_title_no_level_is_proposed() -> None:
    assert level_of("  ") == ""
    said = propose_level("")
    assert (said.value, said.proposed) == ("", True)
    assert "役職" in said.why.ja


def test_influence_follows_the_stronger_of_role_and_level() -> None:
    assert propose_influence("decision_maker", "user").value == "high"
    assert propose_influence("user", "executive").value == "high"
    assert propose_influence("finance", "user").value == "medium"
    assert propose_influence("power_user", "user").value == "low"
    assert propose_influence("", "").value == ""
    assert "決裁者" in propose_influence("decision_maker", "manager").why.ja


def test_who_might_have_a_role_nobody_has() -> None:
    assert role_of("経理課長", "", "manager") == "finance"
    assert role_of("Accounts Payable", "", "user") == "finance"
    assert role_of("取締役", "営業部", "executive") == "decision_maker"
    assert role_of("主任", "製造部", "user") == ""
