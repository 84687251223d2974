"""The store's doors."""

from enishi.store.published import Published

__all__ = ["Published"]
