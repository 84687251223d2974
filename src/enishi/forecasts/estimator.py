"""What all estimators of a notebook share: a plain word where they have not learned yet, and what they show of themselves."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

SHOWN = 8


class NotFitted(EnishiError, AttributeError):
    """Something was asked of an estimator that it knows only after ``fit``. Also an AttributeError, so that ``hasattr`` and
    scikit-learn's tools understand it."""


class Estimator:
    """Base of estimators whose learned attributes end with an underscore."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            learned = name.endswith("_") and not name.startswith("_")
            if not learned and not hasattr(type(self), name):  # else a property that asks for what is learned
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            own = type(self).__name__
            raise NotFitted(
                "not_fitted",
                Text(
                    f"{own} has not learned yet: what is asked of it is known after fit.",
                    f"{own}はまだ学習していません。結果はfitの後に決まります。",
                ),
                Text("Call fit first.", "先にfitを呼び出してください。"),
            )

    def __repr__(self) -> str:
        given = [
            f"{name}={value!r}"
            for name in signature(type(self).__init__).parameters
            if _plain(value := vars(self).get(name))
        ]
        learned = {name: value for name, value in vars(self).items() if name.endswith("_") and _plain(value)}
        told = ", ".join(f"{name}={_short(value)}" for name, value in list(learned.items())[:SHOWN])
        return f"{type(self).__name__}({', '.join(given)}): {told or 'not fitted'}"


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else repr(value)
