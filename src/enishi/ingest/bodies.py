"""Request bodies: unpacked within bounds, and checked as far as a sender must hear of it at once."""

from __future__ import annotations

import re
import zlib

import msgspec

from enishi.ingest.contracts import MAX_ITEM, MAX_REQUEST
from enishi.ingest.decoding import BATCH_ROUTES, decode_envelope, decode_single, text_of
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

_GZIP, _ZLIB = b"\x1f\x8b", b"\x78"
_CHUNK = 64 * 1024


class TooLarge(EnishiError):
    """More than the protocol allows."""

    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            "too_large",
            Text(
                f"The request is larger than {limit // 1024} KB of JSON.",
                f"リクエストが上限の{limit // 1024}KB(展開後のJSON)を超えています。",
            ),
            Text("Send fewer messages at a time.", "一度に送るメッセージを減らしてください。"),
        )


class BadBody(EnishiError):
    """Not what the protocol says, with the place where reading stopped."""

    status = 400

    def __init__(self, code: str, message: Text, place: str) -> None:
        hint = Text(
            "Correct the JSON at this place and send it again.",
            "該当箇所のJSONを修正して再送してください。",
        )
        super().__init__(code, message, hint, {place: message})
        self.place = place


def unpack(body: bytes, limit: int = MAX_REQUEST) -> bytes:
    """The JSON of a body, whether or not it says that it is compressed.

    gzip and zlib are told by their first bytes (JSON begins with neither), because SDKs mislabel them.

    Raises:
        TooLarge: it would unpack to more than the limit; unpacking stops there.
        BadBody: it is cut off or damaged.
    """
    if body[:2] == _GZIP or body[:1] == _ZLIB:
        body = _inflate(body, limit)
    if len(body) > limit:
        raise TooLarge(limit)
    return body


def _inflate(body: bytes, limit: int) -> bytes:
    engine = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        plain = engine.decompress(body, limit + 1)
    except zlib.error as error:
        raise _damaged(str(error)) from None
    if len(plain) > limit:
        raise TooLarge(limit)
    if not engine.eof:
        raise _damaged("it ends too early")
    return plain


def _damaged(reason: str) -> BadBody:
    return BadBody(
        "bad_compression",
        Text(f"The compressed body cannot be read: {reason}.", f"圧縮データを展開できません({reason})。"),
        "body",
    )


_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def mend(body: bytes) -> bytes:
    """Half characters (lone surrogates, as JavaScript writes a cut-off emoji) become replacement characters."""
    if b"\\ud" not in body and b"\\uD" not in body:
        return body
    return _ESCAPE.sub(lambda found: b"\\ufffd" if found.group(1) else found.group(0), body)


def check_body(route: str, body: bytes) -> tuple[int, str]:
    """How many messages a body holds, and the write key it names (empty where none).

    Raises:
        BadBody: not valid JSON or not of the protocol's shape.
        TooLarge: a single message beyond its limit.
    """
    try:
        if not body.isascii():
            body.decode()
        if route in BATCH_ROUTES:
            envelope = decode_envelope(body)
            return len(envelope.batch), text_of(envelope.writeKey)
        if len(body) > MAX_ITEM:
            raise TooLarge(MAX_ITEM)
        return 1, text_of(decode_single(body).writeKey)
    except UnicodeDecodeError as error:
        place = f"byte {error.start}"
        raise BadBody(
            "bad_encoding",
            Text(f"The body is not UTF-8 at {place}.", f"本文がUTF-8ではありません({place})。"),
            place,
        ) from None
    except msgspec.ValidationError as error:
        raise _unexpected(str(error)) from None
    except msgspec.DecodeError as error:
        raise _malformed(str(error)) from None
    except RecursionError:
        raise _too_deep() from None


def _malformed(reason: str) -> BadBody:
    place = reason.rpartition("(")[2].rstrip(")") if "(byte" in reason else "end of body"
    return BadBody(
        "bad_json",
        Text(f"The JSON is malformed: {reason}.", f"JSONの形式が正しくありません: {reason}"),
        place,
    )


def _too_deep() -> BadBody:
    return BadBody(
        "too_deep",
        Text("The JSON is nested too deeply.", "JSONの入れ子が深すぎます。"),
        "$",
    )


def _unexpected(reason: str) -> BadBody:
    place = reason.partition(" - at `")[2].rstrip("`") or "$"
    return BadBody(
        "bad_shape",
        Text(f"The body has an unexpected shape: {reason}.", f"本文の構造が想定と異なります: {reason}"),
        place,
    )
