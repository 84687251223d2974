"""The address says the whole view, and a view says its address."""

from django.http import QueryDict

from enishi.web.pages.portfolio.query import DEFAULT_COLUMNS, Query, read_query

KNOWN = frozenset({*DEFAULT_COLUMNS, "at_stake", "m.events_28", "name"})


def read(text: str) -> Query:
    return read_query(QueryDict(text), KNOWN)


def test_an_address_and_its_view_are_the_same_thing() -> None:
    text = "q=さくら&band=red&band=yellow&owner=3&renewal=90&mrr_min=100000&sort=-m.events_28&cols=score,mrr&page=3"
    query = read(text)
    assert query.choices == {"band": ("red", "yellow"), "owner": ("3",)}
    assert query.numbers == {"renewal": 90, "mrr_min": 100_000}
    assert read(query.address.lstrip("?")) == query


def test_what_an_old_link_says_wrongly_is_left_out_and_named() -> None:
    query = read("sort=-gone&cols=gone,score&page=x&renewal=soon&as_of=yesterday&band=")
    assert query == Query(columns=("score",), unread=(("renewal", "soon"), ("as_of", "yesterday")))


def test_a_word_that_is_none_of_a_choice_is_left_out_and_named() -> None:
    query = read("band=amber&band=red&stage=-&tier=gold&moved=up&owner=me&owner=-")
    assert query.choices == {"band": ("red",), "stage": ("-",), "tier": ("gold",), "owner": ("-",)}
    assert query.unread == (("band", "amber"), ("owner", "me"), ("moved", "up"))


def test_changing_a_filter_goes_back_to_the_first_page() -> None:
    query = read("band=red&page=4")
    assert query.toggling("band", "red").choices == {}
    assert query.toggling("band", "green").choices == {"band": ("red", "green")}
    assert query.toggling("band", "green").page == 1


def test_a_second_click_turns_the_order_round() -> None:
    query = Query().sorted_by("mrr")
    assert query.sort == "-mrr"
    assert query.sorted_by("mrr").sort == "mrr"


def test_what_one_reads_from_the_smallest_on_begins_there() -> None:
    query = Query().sorted_by("renewal", rising=True)
    assert query.sort == "renewal"
    assert query.sorted_by("renewal", rising=True).sort == "-renewal"


def test_a_saved_view_keeps_neither_page_nor_number() -> None:
    assert read("band=red&page=4&view=9").kept == "band=red"


def test_the_plain_list_has_an_address_of_its_own() -> None:
    assert Query().address == "?all=1"


def test_columns_come_from_tick_boxes_too() -> None:
    assert read("col=score&col=mrr&col=score&col=name").columns == ("score", "mrr")
