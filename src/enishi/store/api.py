"""The store's doors."""

from enishi.store.consumer import Consumer
from enishi.store.contracts import (
    Application,
    Body,
    ConsumerBusy,
    Event,
    InboxStorage,
    InboxUnavailable,
    NewBody,
    Overloaded,
    Version,
)
from enishi.store.group_commit import GroupCommit
from enishi.store.inbox import Inbox
from enishi.store.published import Published

__all__ = [
    "Application",
    "Body",
    "Consumer",
    "ConsumerBusy",
    "Event",
    "GroupCommit",
    "Inbox",
    "InboxStorage",
    "InboxUnavailable",
    "NewBody",
    "Overloaded",
    "Published",
    "Version",
]
