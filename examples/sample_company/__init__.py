"""A sample company: a Japanese vendor of subscriptions, its customers, and everything they did for two years.

Nothing here is taken from real customers. :class:`Sample` fixes the size and the seed; the modules are pure
generators; :mod:`load` brings the facts in through the same doors as any customer's data. What really moved
each account (its *story* and the true hazards) is in :mod:`truth`, which no product code reads.
"""

from .sample import Sample

__all__ = ["Sample"]
