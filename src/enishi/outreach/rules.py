"""Whether a message may go, and when a failed one is tried again. Pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from enishi.kit.text import Text

# Waits after the first, second, … failure; after the last one the message is given up.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
)

# A sender that died holds its claim this long; then another takes the message over.
CLAIM = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Recipient:
    """What decides whether a contact may be written to."""

    address: str
    left: bool = False
    bounced: bool = False
    erased: bool = False
    consent: bool | None = None


def wait_after(attempts: int) -> timedelta | None:
    """The wait before the next try after ``attempts`` failures (from 1), or None to give up."""
    return WAITS[attempts - 1] if attempts <= len(WAITS) else None


def refusal(recipient: Recipient, marketing: bool) -> Text | None:
    """Why this contact may not be written to, or None.

    Marketing needs a consent that stands; service messages go unless consent was withdrawn.
    """
    if recipient.erased:
        return Text("This person's data were erased.", "この方のデータは消去済みです。")
    if not recipient.address:
        return Text("There is no mail address.", "メールアドレスがありません。")
    if recipient.left:
        return Text("This person has left the company.", "この方は退職・異動されています。")
    if recipient.bounced:
        return Text("Mail to this address came back.", "このアドレス宛のメールは不達でした。")
    if recipient.consent is False:
        return Text("This person does not want our messages.", "この方は受信を希望されていません。")
    if marketing and recipient.consent is None:
        return Text("There is no consent for such messages.", "この種のメッセージへの同意がありません。")
    return None
