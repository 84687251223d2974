"""Enishi (縁): customer success for subscription businesses."""

__version__ = "0.1.0"
