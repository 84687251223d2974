"""What is wrong with a definition: every mistake with its place, its value and its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enishi.kit.errors import EnishiError
from enishi.kit.text import Text


@dataclass(frozen=True, slots=True)
class Mistake:
    """``place`` is the path inside the body, such as ``measures[2].weight``."""

    place: str
    text: Text


class BadDefinition(EnishiError):
    """The body cannot be used; ``fields`` holds one message per place."""

    def __init__(self, kind: str, mistakes: Sequence[Mistake]) -> None:
        fields: dict[str, Text] = {}
        for mistake in mistakes:
            fields.setdefault(mistake.place, mistake.text)
        first = mistakes[0]
        more = len(mistakes) - 1
        tail = Text(f" ({more} more)", f"(ほか{more}件)") if more else Text("", "")
        super().__init__(
            "bad_definition",
            Text(
                f"{kind}: {first.place}: {first.text.en}{tail.en}",
                f"{kind}:{first.place}:{first.text.ja}{tail.ja}",
            ),
            Text(
                "Correct the places named and save again.", "示された箇所を直して、もう一度保存してください。"
            ),
            fields,
        )
        self.mistakes = tuple(mistakes)
