"""Files as people write them: cells that fit no field, ids from nowhere, dates of columns mapped by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from enishi.accounts.models import Account, Contact, Record, RecordVersion
from enishi.ingest.files.desk import StillRejected, retry_row
from enishi.ingest.files.importing import import_file
from enishi.ingest.files.remarks import MADE_IDS, NO_RATE, TWO_WAYS, remarks_of
from enishi.ingest.models import Reject
from enishi.kit.home import Home

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bring(tmp_path):
    def take(text, kind="account", name="customers.csv", now=NOW, **options):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return import_file(Home(tmp_path / "home"), path, kind, actor="test", now=now, **options)

    return take


def counted(tally):
    return tuple(tally.counts[name] for name in ("created", "updated", "unchanged", "rejected"))


SOFT = "id,name,employees,country,csm\nC1,Alpha,~50,JP,someone\nC2,Beta,50-100,JP,\nC3,Gamma,70,JP,\n"


@pytest.mark.parametrize("options", [{"dry_run": True}, {}])
def test_a_customer_is_not_lost_over_a_field_that_cannot_be_read(bring, options):
    _made, tally = bring(SOFT, **options)
    assert counted(tally) == (3, 0, 0, 0)
    assert tally.warnings["employees"][0] == 2
    assert "'~50'" in tally.warnings["employees"][1]


def test_what_was_set_aside_stays_readable_until_it_is_mended(bring):
    bring(SOFT)
    alpha = Account.objects.get(outside_id="C1")
    assert (alpha.name, alpha.employees, alpha.extra["employees"]) == ("Alpha", None, "~50")
    _made, tally = bring(SOFT)
    assert counted(tally) == (0, 0, 3, 0)
    bring(SOFT.replace("~50", "50"))
    alpha.refresh_from_db()
    assert (alpha.employees, "employees" in alpha.extra) == (50, False)
    bring(SOFT)
    alpha.refresh_from_db()
    assert (alpha.employees, alpha.extra["employees"]) == (50, "~50")


def test_a_person_is_taken_without_an_unknown_role_and_keeps_the_tickets(bring):
    bring(SOFT)
    bring("id,account,name,email,role\np,C1,Ann,ann@a.example,Grand vizier\n", "contact", "people.csv")
    assert (Contact.objects.get().role, Contact.objects.get().extra["role"]) == ("", "Grand vizier")
    bring("id,account,contact,opened_at\nt,C1,ann@a.example,2026-03-01\n", "ticket", "tickets.csv")
    assert Record.objects.get().contact == Contact.objects.get()


def test_a_person_without_name_mail_and_id_is_rejected(bring):
    bring(SOFT)
    people = "account,name,email,title\nC1,,,Buyer\nC1,Ann,,\nC1,,bob@a.example,\n"
    _made, tally = bring(people, "contact", "people.csv")
    assert counted(tally) == (2, 0, 0, 1)
    assert Reject.objects.get().message("en") == "Row: names nobody: there is no name, mail address or id."
    _made, tally = bring("id,account,title\np1,C1,Buyer\n", "contact", "others.csv")
    assert counted(tally) == (1, 0, 0, 0)


def test_a_figure_that_cannot_be_read_still_rejects_its_row(bring):
    bring(SOFT)
    _made, tally = bring("id,account,amount,start\ns,C1,much,2026-01-01\n", "subscription", "s.csv")
    assert counted(tally) == (0, 0, 0, 1)
    assert Reject.objects.get().place == "amount"


WEB = "Customer No,Name,Website\nC1,Bright,https://www.Brightwater.example/about\nC2,Odd,none yet\n"


def test_a_website_is_taken_for_its_domain_and_people_are_found_by_it(bring):
    _made, tally = bring(WEB)
    assert Account.objects.get(outside_id="C1").domain == "brightwater.example"
    assert (Account.objects.get(outside_id="C2").domain, tally.warnings["domain"][0]) == ("", 1)
    bring("id,account,opened_at\nt,brightwater.example,2026-03-01\n", "ticket", "tickets.csv")
    assert Record.objects.get().account == Account.objects.get(outside_id="C1")


def test_it_is_said_that_ids_are_made_and_of_what(bring):
    made, _tally = bring("Name,Website\nBright,https://www.brightwater.example\nOdd,\n")
    remark = next(remark for remark in remarks_of(made) if remark.code == MADE_IDS)
    assert (remark.told, remark.grave) == (["Website", "Name"], True)
    assert "Website, else Name" in remark.text.en
    assert set(Account.objects.values_list("outside_id", flat=True)) == {"brightwater.example", "odd"}
    made, _tally = bring("Website,amount,date\nbrightwater.example,5,2026-01-01\n", "invoice", "i.csv",
                         mapping={"account": "Website"})  # fmt: skip
    remark = next(remark for remark in remarks_of(made) if remark.code == MADE_IDS)
    assert (remark.told, "two equal rows are two records" in remark.text.en) == ([], True)
    made, _tally = bring(WEB)
    assert MADE_IDS not in {remark.code for remark in remarks_of(made)}


@pytest.mark.parametrize("first", ["28/04/2025", "04/28/2025"])
def test_the_order_of_dates_is_proven_in_a_column_mapped_by_hand_too(bring, first):
    text = f"id,name,Beginn\nC1,Alpha,{first}\nC2,Beta,03/04/2025\n"
    _made, tally = bring(text, mapping={"since": "Beginn"})
    assert counted(tally) == (2, 0, 0, 0)
    assert tally.warnings == {}
    assert Account.objects.get(outside_id="C1").since.isoformat() == "2025-04-28"


CONTRACTS = "契約番号,顧客コード,契約開始日,月額,通貨\n"


def test_an_amount_whose_sign_contradicts_its_currency_waits_on_the_desk(bring):
    bring("顧客コード,会社名\nC1,一番\n")
    amounts = ["£99,USD", "£99,GBP", "€10,", "$99,AUD", "¥99,CNY", "US$99,AUD", "5円,CNY", "99,USD"]
    rows = "".join(f"K{n},C1,2025/4/1,{told}\n" for n, told in enumerate(amounts))
    _made, tally = bring(CONTRACTS + rows, "subscription", "契約.csv")
    assert {row.place - 2: [*errors] for row, errors in tally.examples} == {
        0: ["amount"],
        5: ["amount"],
        6: ["amount"],
    }
    first = Reject.objects.order_by("position").first()
    assert (first.place, first.message("en")) == (
        "月額",
        "Recurring amount per interval: '£99' is an amount in GBP, but the currency is USD: correct one of the two.",
    )
    taken = Record.objects.filter(kind="subscription").order_by("outside_id")
    assert [one.data["currency"] for one in taken] == ["GBP", "EUR", "AUD", "CNY", "USD"]


def priced(bring, *prices, **options):
    """The amounts that prices in a file with semicolons become, and the remark on how they are read."""
    bring("id,name\nC1,Alpha\n")
    rows = "".join(f"K{n};C1;2025-04-01;{price};EUR\n" for n, price in enumerate(prices))
    _made, tally = bring(f"id;account;started_on;Price;Currency\n{rows}", "subscription", "k.csv", **options)
    told = [one.told for one in tally.remarks if one.code == TWO_WAYS]
    found = Record.objects.filter(kind="subscription").order_by("outside_id")
    assert tally.counts["rejected"] == len(prices) - len(found)
    return [float(one.data["amount"]) for one in found], told


def test_one_number_that_only_a_decimal_comma_explains_settles_its_column(bring):
    assert priced(bring, "1.234,50", "€ 2.500", "12,5", "1.250") == ([1234.5, 2500, 12.5, 1250], [])


def test_one_number_that_only_a_decimal_point_explains_settles_its_column(bring):
    assert priced(bring, "1.5", "1.250") == ([1.5, 1.25], [])


def test_numbers_that_may_be_two_are_told_with_how_they_are_read(bring):
    assert priced(bring, "1.250", "80") == ([1250, 80], [{"Price": ","}])
    assert priced(bring, "1.250", "80", decimal=".") == ([1.25, 80], [])
    assert priced(bring, "1.250", "70") == ([1.25, 70], [{"Price": "."}])  # remembered
    assert priced(bring, "1,250", "70", decimal=",") == ([1.25, 70], [])


def test_a_comma_that_groups_thousands_is_not_doubted_in_a_file_with_commas(bring):
    bring("id,name\nC1,Alpha\n")
    _made, tally = bring('id,account,started_on,Price\nK,C1,2025-04-01,"1,250"\n', "subscription", "k.csv")
    assert TWO_WAYS not in {one.code for one in tally.remarks}
    assert Record.objects.get(kind="subscription").data["amount"] == "1250"


def test_another_column_settles_numbers_that_may_be_two(bring):
    bring("id;name\nC1;Alpha\n")
    rows = "id;account;ordered_at;quantity;amount;currency\nO;C1;2025-04-01;1.250;12,5;EUR\n"
    bring(rows, "order", "o.csv")
    order = Record.objects.get(kind="order").data
    assert (order["quantity"], order["amount"]) == (1250, "12.5")


ENDINGS = "id,account,amount,start,Cancelled,ended\n{0}1,C1,9,2025-01-01,2026-02-01,\n{0}2,C1,9,2025-01-01,2026-05-01,\n" \
    "{0}3,C1,9,2025-01-01,2026-02-01,2026-03-01\n"  # fmt: skip


@pytest.mark.parametrize("options", [{"dry_run": True}, {}])
def test_a_contract_with_notice_and_no_end_is_told_to_run_on(bring, options):
    bring(SOFT)
    _made, tally = bring(ENDINGS.format("K"), "subscription", "k.csv", **options)
    assert tally.warnings["ended_on"][0] == 1
    assert tally.warnings["ended_on"][1].startswith("Notice was given on 2026-02-01, but no end is stated")
    mapping = {"notice_on": "Cancelled", "ended_on": "Cancelled"}
    _made, tally = bring(ENDINGS.format("L"), "subscription", "k.csv", mapping=mapping, **options)
    assert tally.warnings == {}


def test_a_contract_whose_end_is_known_from_another_file_does_not_run_on(bring):
    bring(SOFT)
    bring(ENDINGS.format("K"), "subscription", "k.csv", mapping={"notice_on": "", "ended_on": "Cancelled"})
    columns = {"notice_on": "Cancelled", "ended_on": ""}
    _made, tally = bring(ENDINGS.format("K"), "subscription", "k.csv", mapping=columns)
    assert tally.warnings == {}


def times(bring, text, **options):
    bring(SOFT)
    made, _tally = bring(text, "ticket", "tickets.csv", **options)
    opened = {one.outside_id: one.data["opened_at"] for one in Record.objects.filter(kind="ticket")}
    return made.plan["clocks"], opened


def test_a_time_of_day_in_a_column_of_its_own_is_joined_to_the_day(bring):
    text = "id,account,Date opened,Time opened,Hours\nt,C1,2026-03-01,14:03,1:30\nu,C1,2026-03-01,,1:30\n"
    found = ({"Date opened": "Time opened"}, {"t": "2026-03-01T05:03:00Z", "u": "2026-02-28T15:00:00Z"})
    assert times(bring, text) == found
    found[1]["t"] = "2026-03-01T05:04:00Z"
    assert times(bring, text.replace("14:03", "2:04 pm")) == found  # remembered


@pytest.mark.parametrize("cells", ["2026-03-01 09:00,14:03", "2026-03-01,2 days", "2026-03-01,"])
def test_what_completes_no_day_is_left_aside(bring, cells):
    assert times(bring, f"id,account,opened,time\nt,C1,{cells}\n")[0] == {}


def test_a_column_that_a_field_takes_is_no_time_of_day(bring):
    text = "id,account,opened,time\nt,C1,2026-03-01,14:03\n"
    assert times(bring, text) == ({"opened": "time"}, {"t": "2026-03-01T05:03:00Z"})
    assert times(bring, text, mapping={"category": "time"}) == ({}, {"t": "2026-02-28T15:00:00Z"})


def test_an_import_says_which_currencies_have_no_exchange_rate(bring):
    bring("顧客コード,会社名\nC1,一番\n")
    rows = "K1,C1,2025/4/1,99,USD\nK2,C1,2025/4/1,99,USD\nK3,C1,2025/4/1,9,EUR\nK4,C1,2025/4/1,9,JPY\nK5,C1,2025/4/1,9,\n"
    for dry_run in (True, False):
        made, tally = bring(CONTRACTS + rows, "subscription", "契約.csv", dry_run=dry_run)
        (remark,) = [one for one in tally.remarks if one.code == NO_RATE]
        assert (remark.told, "EUR 1, USD 2" in remark.text.en) == ({"EUR": 1, "USD": 2}, True)
    assert [one.told for one in remarks_of(made) if one.code == NO_RATE] == [{"EUR": 1, "USD": 2}]
    _rates, tally = bring("通貨,日付,レート\nEUR,2025/1/1,160\n", "exchange_rate", "為替.csv")
    assert NO_RATE not in {one.code for one in tally.remarks}
    assert [one.told for one in remarks_of(made) if one.code == NO_RATE] == [{"USD": 2}]


MIXED = 'id,account,amount,issued_on\nI1,C1,"1.234,50",2026-03-01\nI2,C1,"1,234.50",2026-03-02\nI3,C1,7,2026-03-03\n'


def test_a_column_that_writes_decimals_in_two_ways_says_why_it_is_read_as_it_is(bring):
    bring("id,name\nC1,First\n")
    _made, tally = bring(MIXED, "invoice", "b1.csv", constants={"currency": "EUR"})
    assert counted(tally) == (2, 0, 0, 1)
    reject = Reject.objects.get()
    assert reject.message_en == (
        "Amount: '1,234.50' is no number with a decimal comma, by which the column is read because of row 2 ('1.234,50'): "
        "correct the one that is wrong, or choose the decimal point when the file is imported (--decimal point, or beside the column)."
    )
    assert "この列は小数点をカンマとして読み取っています(2行目の「1.234,50」による)" in reject.message_ja
    remark = next(one for one in tally.remarks if one.code == "mixed_decimals")
    assert "which row 3 ('1,234.50') contradicts" in remark.text.en
    assert "3行目の「1,234.50」と矛盾します" in remark.text.ja
    _made, tally = bring(MIXED, "invoice", "b2.csv", constants={"currency": "EUR"}, decimal=".")
    assert tally.counts["rejected"] == 1
    assert Record.objects.get(outside_id="I2").data["amount"] == "1234.5"


BOTH = "id;amount;effective_on\nS1;1.250;2026-12-01\nS2;1.250,50;2026-12-01\nS3;980.40;2026-12-01\nS4;1,100;2026-12-01\nS5;70;2026-12-01\n"


def contracts(bring) -> None:
    bring("id,name\nC1,First\n")
    rows = "".join(f"S{n},C1,2026-01-01,9000,EUR,month\n" for n in range(1, 6))
    bring(f"id,account,started_on,amount,currency,interval\n{rows}", "subscription", "s.csv")


def test_in_a_column_that_writes_both_marks_what_either_can_read_waits(bring, tmp_path):
    contracts(bring)
    _made, tally = bring(BOTH, "subscription", "price.csv")
    assert counted(tally)[1::2] == (2, 3)
    waiting = {one.position: one for one in Reject.objects.all()}
    assert sorted(waiting) == [2, 4, 5]
    assert waiting[5].message_en == (
        "Recurring amount per interval: '1,100' may be 1100 or 1.1, as the column writes decimals with a point and with a comma "
        "(rows 3 ('1.250,50') and 4 ('980.40')): write 1100 or 1,1, or choose the column's mark when the file is imported "
        "(--decimal point or comma, or beside the column)."
    )
    remark = next(one for one in tally.remarks if one.code == "mixed_decimals")
    assert "so are those that may be read either way" in remark.text.en
    again = json.loads(waiting[5].payload)
    home = Home(tmp_path / "home")
    with pytest.raises(StillRejected):
        retry_row(home, waiting[5], again, actor="test", now=NOW)
    retry_row(home, waiting[5], {**again, "amount": "1100"}, actor="test", now=NOW)
    assert not Reject.objects.filter(position=5, status=Reject.Status.OPEN)


@pytest.mark.parametrize(
    ("mark", "waits", "read"),
    [(",", {4}, {"S1": 1250, "S2": 1250.5, "S4": 1.1}), (".", {3}, {"S1": 1.25, "S3": 980.4, "S4": 1100})],
)
def test_the_mark_that_is_chosen_reads_all_that_is_written_so(bring, mark, waits, read):
    contracts(bring)
    bring(BOTH, "subscription", "price.csv")
    _made, tally = bring(BOTH, "subscription", "price.csv", decimal=mark)
    assert {one.position for one in Reject.objects.filter(status=Reject.Status.OPEN)} == waits
    assert tally.counts["rejected"] == 1
    remark = next(one for one in tally.remarks if one.code == "mixed_decimals")
    assert remark.text.en.endswith("Rows written the other way are rejected.")
    stated = RecordVersion.objects.filter(kind="subscription", valid_on=date(2026, 12, 1))
    assert {one.outside_id: float(one.data["amount"]) for one in stated if one.outside_id in read} == read


def test_what_no_mark_explains_is_told_without_one(bring):
    bring("id,name\nC1,First\n")
    bring(
        'id,account,amount,issued_on\nI1,C1,"1.234,50",2026-03-01\nI2,C1,many,2026-03-02\n',
        "invoice",
        "b.csv",
        constants={"currency": "EUR"},
    )
    assert "decimal" not in Reject.objects.get().message_en
