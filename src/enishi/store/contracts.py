"""What the store is given and gives: plain shapes, no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

if TYPE_CHECKING:
    from enishi.store.columns import Events


class NewBody(NamedTuple):
    """A request body on its way into the inbox.

    Args:
        received_us: microseconds since the epoch.
        origin: what the decoder needs to know beside the body; the store does not look inside.
    """

    received_us: int
    origin: str
    body: bytes


class Body(NamedTuple):
    """A body taken from the inbox; ``number`` ascends in the order of commits and is never used twice."""

    number: int
    received_us: int
    origin: str
    body: bytes


class Event(NamedTuple):
    """One understood message. Empty text means "none"; instants are microseconds since the epoch, UTC.

    ``stream`` is within what the message id is unique: one sending application, however often its write key is
    replaced or renamed. Empty: the id is unique everywhere. ``delivery`` names the one file it came with, whose new
    events are counted; empty: nobody asks.
    """

    message_id: str
    type: str
    event: str
    product: str
    group: str
    user: str
    anonymous: str
    previous: str  # of an alias call: the id used before
    occurred_us: int
    properties: str
    # The same for all messages of a body:
    system: str
    received_us: int
    backfill: bool
    source: str
    stream: str = ""
    delivery: str = ""


class Version(NamedTuple):
    """One version of a record, as the application database holds it.

    ``data`` holds the kind's fields as JSON values: dates and instants ISO, money as decimal text.
    """

    version_id: int
    kind: str
    record_id: int
    account_id: int | None
    contact_id: int | None
    valid_on: date
    known_us: int
    recorded_us: int
    deleted: bool
    backfill: bool
    source: str
    outside_id: str
    data: dict[str, Any]


class Words(NamedTuple):
    """What names a person within texts of others.

    Args:
        near: a pattern (RE2, whatever the case) that every text that names the person matches; only such texts are
            looked at closely. Empty: nothing names them.
        without: of a column and its text, the text with a mark in the person's place; the same text where it does not
            name them.
    """

    near: str = ""
    without: Callable[[str, str], str] = lambda _column, text: text


class Erasure(NamedTuple):
    """A person to be removed from the store.

    Args:
        number: of the request.
        users: (system, user id) under which the person's events came.
        contact_id: whose record versions lose their personal fields; None for a user who is no contact.
        records: (kind, record number, fields) of further records whose texts name the person; they lose the kind's
            personal fields and these.
        words: what names them in what others sent, and in the names of files.
    """

    number: int
    users: list[tuple[str, str]]
    contact_id: int | None
    records: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
    words: Words = Words()


class Withdrawal(NamedTuple):
    """A delivery to be taken back: a file whose events shall be as if they had never come.

    Args:
        delivery: its name, never given twice.
        source: of its events.
        received_us: the instants at which they were received; no other events of the source were at any of them.
    """

    delivery: str
    source: str
    received_us: tuple[int, ...]


# Those of some ids (system, id) that no event names.
Unheard = Callable[[Iterable[tuple[str, str]]], Sequence[tuple[str, str]]]


class InboxStorage(Protocol):
    """Where bodies wait: durable, in order, shared by processes."""

    def append(self, bodies: Sequence[NewBody]) -> None:
        """Store all bodies in one durable commit, or none and raise :class:`InboxUnavailable`."""

    def take(self, after: int, max_bytes: int) -> list[Body]:
        """The next bodies in order, at least one where there is one."""

    def forget(self, upto: int) -> None:
        """Remove what has been published."""

    def last_waiting(self) -> int:
        """The highest number not yet forgotten; 0 where nothing waits."""

    def last_number(self) -> int:
        """The highest number ever given; 0 before the first."""

    def continue_from(self, number: int) -> None:
        """Give waiting and later bodies higher numbers than ``number`` (the inbox was made anew)."""

    def scrub(self) -> None:
        """Leave nothing of forgotten bodies on the disk."""


class Application(Protocol):
    """What the consumer asks of the application above it.

    Both methods that act (``decode``, ``accept``) may be called again with the same input after a crash and
    must then change nothing.
    """

    def decode(self, bodies: Sequence[Body]) -> Events:
        """Understand bodies; what cannot be understood is put on the rejects desk here."""

    def is_passing(self, error: Exception) -> bool:
        """Whether what failed here may succeed later: a database is busy, away or not up to date."""

    def set_aside(self, item: Event | Body, error: Exception) -> None:
        """Keep for people what cannot be carried even alone: a message, or a body that cannot be understood."""

    def streams(self) -> Mapping[str, str]:
        """The stream of each source by its name, as far as known: for events stored before streams were told apart."""

    def accept(self, events: Sequence[Event], groups: Sequence[Event]) -> None:
        """What is new, before its transaction commits.

        Args:
            events: identify, group and alias messages, in order.
            groups: for every group id never heard of before, the earliest event that names it.
        """

    def arrived(self, fresh: Mapping[str, int]) -> None:
        """How many events of each delivery were new, over all transactions so far: the application replaces what it
        heard before. Told before they are published."""

    def versions(self, after: int, limit: int) -> list[Version]:
        """Record versions with a higher number, ascending, only such that no lower one can still appear."""

    def last_version(self) -> int:
        """The highest version number now; 0 where there is none."""

    def zone(self) -> str:
        """Name of the company's time zone."""

    def raw_months(self) -> int | None:
        """For how many months raw events are kept; None: for ever."""

    def erasures(self) -> list[Erasure]:
        """People to remove, not done yet."""

    def erased(self, erasure: Erasure, rows: int, blanked: int, traces: int) -> None:
        """A person was removed: so many rows, and so many record versions blanked."""

    def withdrawals(self) -> list[Withdrawal]:
        """Deliveries to take back, not done yet."""

    def withdrawn(self, withdrawal: Withdrawal, rows: int, unheard: Unheard) -> None:
        """A delivery was taken back; told once more where a crash came between.

        Args:
            rows: events it had brought.
            unheard: tells which of some groups no event names any more.
        """


class InboxUnavailable(EnishiError):
    """Nothing was stored; the sender may try again."""

    status = 503

    def __init__(self, reason: str) -> None:
        super().__init__(
            "inbox_unavailable",
            Text(
                f"The data cannot be stored at the moment ({reason}). Nothing was accepted.",
                f"現在データを保存できません({reason})。受け付けは行われていません。",
            ),
            Text(
                "Send it again later. Administrators: check the free space of the data folder with 'enishi doctor'.",
                "しばらくしてから再送してください。管理者の方は「enishi doctor」で保存先の空き容量をご確認ください。",
            ),
            retryable=True,
        )


class Overloaded(EnishiError):
    """More is arriving than the disk takes; the sender waits and tries again."""

    status = 429

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__(
            "too_many_requests",
            Text(
                "More data is arriving than can be stored just now. Nothing of this request was accepted.",
                "受信が集中しているため、このリクエストは受け付けられませんでした。",
            ),
            Text(
                f"Send it again after {retry_after} second(s).",
                f"{retry_after}秒後に再送してください。",
            ),
            retryable=True,
        )
        self.retry_after = retry_after


class ConsumerBusy(EnishiError):
    """Another process has carried on without catching up in the time given."""

    status = 503

    def __init__(self, waited: float) -> None:
        super().__init__(
            "consumer_busy",
            Text(
                f"The consumer of another process did not catch up within {waited:.0f} seconds.",
                f"別プロセスの取り込み処理が{waited:.0f}秒以内に追いつきませんでした。",
            ),
            Text(
                "Wait and try again; 'enishi doctor' shows how far it is behind.",
                "しばらく待って再度お試しください。「enishi doctor」で遅れを確認できます。",
            ),
            retryable=True,
        )
