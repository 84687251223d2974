"""The one shape of an error a person or a machine can act on: what, where, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from enishi.kit.text import Text


class EnishiError(Exception):
    """A refusal with a remedy.

    Args:
        code: stable name for machines, for example ``unknown_account``.
        message: what is wrong, naming the place and the value.
        hint: what to do next.
        fields: messages by field name, for forms and the API.
        retryable: whether the same call may succeed later without a change.
    """

    status = 400

    def __init__(
        self,
        code: str,
        message: Text,
        hint: Text | None = None,
        fields: Mapping[str, Text] | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message.en)
        self.code = code
        self.message = message
        self.hint = hint
        self.fields = dict(fields or {})
        self.retryable = retryable

    def as_dict(self, language: str) -> dict[str, object]:
        """The JSON shape shared by the API, the CLI and the pages."""
        return {
            "error": self.code,
            "message": self.message.in_language(language),
            "hint": self.hint.in_language(language) if self.hint else "",
            "fields": {name: text.in_language(language) for name, text in self.fields.items()},
        }


class NotFound(EnishiError):
    status = 404


class NotAllowed(EnishiError):
    status = 403


class Conflict(EnishiError):
    status = 409
