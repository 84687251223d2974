"""Every text column of every table is declared: it can name a person, or it cannot."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Field, Model

from enishi.ingest.naming import NAMING, NAMING_NOBODY

# What holds no text. Anything else, whatever it is called, must be declared.
_WORDLESS = """AutoField BigAutoField SmallAutoField BooleanField DateField DateTimeField TimeField DurationField DecimalField
    FloatField IntegerField BigIntegerField SmallIntegerField PositiveIntegerField PositiveSmallIntegerField
    PositiveBigIntegerField UUIDField ForeignKey OneToOneField"""


def _holds_text(column: Field) -> bool:
    kind = getattr(column, "output_field", column).get_internal_type()
    return kind not in _WORDLESS.split() and not column.choices


def _texts(model: type[Model]) -> set[str]:
    return {column.name for column in model._meta.concrete_fields if _holds_text(column)}


def test_every_text_column_is_declared_as_naming_people_or_as_naming_nobody() -> None:
    """A new column fails here until somebody has thought about it: see ``enishi.ingest.naming``."""
    there = {f"{m._meta.label}.{name}" for m in apps.get_models() if m._meta.managed for name in _texts(m)}
    naming = {f"{label}.{name}" for label, columns in NAMING.items() for name in columns}
    nobody = {f"{label}.{name}" for label, names in NAMING_NOBODY.items() for name in names.split()}
    assert there - naming - nobody == set(), "declare these columns"
    assert (naming | nobody) - there == set(), "these columns are gone, or hold a choice"
    assert naming & nobody == set()
