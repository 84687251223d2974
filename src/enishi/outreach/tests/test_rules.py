from datetime import timedelta

from enishi.outreach.rules import WAITS, Recipient, refusal, wait_after


def test_waits_grow_and_end() -> None:
    waits = [wait_after(attempts) for attempts in range(1, len(WAITS) + 1)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert wait_after(len(WAITS) + 1) is None


def test_marketing_needs_consent_and_service_does_not() -> None:
    person = Recipient("a@example.jp")
    assert refusal(person, marketing=False) is None
    assert refusal(person, marketing=True) is not None
    assert refusal(Recipient("a@example.jp", consent=True), marketing=True) is None
    assert refusal(Recipient("a@example.jp", consent=False), marketing=False) is not None


def test_nobody_who_left_bounced_or_was_erased_is_written_to() -> None:
    for state in ({"left": True}, {"bounced": True}, {"erased": True}):
        assert refusal(Recipient("a@example.jp", consent=True, **state), marketing=False) is not None
    assert refusal(Recipient("", consent=True), marketing=False) is not None
