"""Tables of the way in."""

from enishi.ingest.models.events import DEFAULT_SYSTEM, InboxBody, Reject, WriteKey, hash_key

__all__ = ["DEFAULT_SYSTEM", "InboxBody", "Reject", "WriteKey", "hash_key"]
