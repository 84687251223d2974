"""Tables of the way in."""

from enishi.ingest.models.events import (
    DEFAULT_SYSTEM,
    Correction,
    ErasureRequest,
    InboxBody,
    Reject,
    StorePolicy,
    WriteKey,
    hash_key,
)
from enishi.ingest.models.files import Answer, ApiKey, Arrival, Import, Mapping, hash_api_key

__all__ = [
    "DEFAULT_SYSTEM",
    "Answer",
    "ApiKey",
    "Arrival",
    "Correction",
    "ErasureRequest",
    "Import",
    "InboxBody",
    "Mapping",
    "Reject",
    "StorePolicy",
    "WriteKey",
    "hash_api_key",
    "hash_key",
]
