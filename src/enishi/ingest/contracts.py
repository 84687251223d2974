"""What travels with a body through the inbox, and why an item may be refused."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from enishi.kit.text import Text
from enishi.store.kinds import DEFAULT_SYSTEM

# The protocol's limits, in bytes of uncompressed JSON.
MAX_REQUEST = 500 * 1024
MAX_ITEM = 32 * 1024


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a body comes from: a write key and route, or a file.

    Args:
        key: number of the write key; 0 for files.
        route: ``batch``, ``import``, or the type of a single message.
        source, system, product, creates_accounts: what a write key would say, for files.
        backfill: history; it counts as known when it happened.
        delivery: the import whose new events are counted; empty where nobody asks.
    """

    key: int = 0
    route: str = "batch"
    source: str = ""
    system: str = DEFAULT_SYSTEM
    product: str = ""
    creates_accounts: bool = False
    backfill: bool = False
    delivery: str = ""

    def encode(self) -> str:
        return msgspec.json.encode(self).decode()


decode_origin = msgspec.json.Decoder(Origin).decode


@dataclass(frozen=True, slots=True)
class Channel:
    """The settings under which an item is understood: its write key's, or its file's.

    ``stream`` is within what message ids are unique: the application that sends with a write key or with those that
    replace it; all files of one id system.
    """

    name: str
    product: str = ""
    system: str = DEFAULT_SYSTEM
    creates_accounts: bool = True
    updates_records: bool = False
    stream: str = ""


def channel_of_file(origin: Origin) -> Channel:
    """The settings of a file's events."""
    stream = f"file:{origin.system}"
    return Channel(origin.source, origin.product, origin.system, origin.creates_accounts, stream=stream)


class Refused(Exception):
    """An item that cannot be taken as it is.

    Args:
        code: stable reason, for example ``missing_event``.
        place: JSON path of what is wrong.
    """

    def __init__(self, code: str, message: Text, place: str = "$") -> None:
        super().__init__(message.en)
        self.code, self.message, self.place = code, message, place
