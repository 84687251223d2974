"""A new installation takes one step per room; one made earlier goes on where it stands. Both end in the same tables."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.writer import MigrationWriter

from enishi.cli.pgcopy import chain_to

SQUASHED = {
    key: migration
    for key, migration in MigrationLoader(None, replace_migrations=False).replacements.items()
    if migration.__module__.startswith("enishi.")
}


def tables(loader: MigrationLoader, node: tuple[str, str]) -> dict[str, object]:
    """What the room's tables are after a step, field by field."""
    state = loader.project_state([node])
    found = {}
    for (app, name), model in state.models.items():
        if app == node[0]:
            fields = {field: MigrationWriter.serialize(value) for field, value in model.fields.items()}
            indexes = {index.name: index for index in model.options.pop("indexes", [])}
            found[name] = (fields, indexes, model.options, model.bases)
    return found


@pytest.mark.parametrize("squashed", SQUASHED, ids="-".join)
def test_one_step_makes_what_the_many_made(squashed: tuple[str, str]) -> None:
    loader = MigrationLoader(None, replace_migrations=False)
    one, many = tables(loader, squashed), tables(loader, SQUASHED[squashed].replaces[-1])
    assert one == many


@pytest.mark.parametrize("squashed", SQUASHED, ids="-".join)
def test_one_step_stands_for_all_up_to_its_last(squashed: tuple[str, str]) -> None:
    room, name = squashed
    files = sorted(one for app, one in MigrationLoader(None).disk_migrations if app == room and one != name)
    replaced = [one for _, one in SQUASHED[squashed].replaces]
    assert replaced == files[: len(replaced)], "the old steps stay, for installations that stand between them"
    assert name == f"0001_squashed_{replaced[-1]}"


@pytest.mark.django_db
def test_a_backup_from_between_the_steps_gets_the_tables_it_had() -> None:
    executor, targets = chain_to({"accounts": "0012_seller", "ingest": "0013_undoing_events"})
    planned = [(step.app_label, step.name) for step, _ in executor.migration_plan(targets, clean_start=True)]
    assert [name for app, name in planned if app == "accounts"] == ["0001_squashed_0012_seller"]
    taken = [name for app, name in planned if app == "ingest"]
    assert (taken[0], taken[-1], len(taken)) == ("0001_initial", "0013_undoing_events", 13)


@pytest.mark.django_db
def test_a_room_that_is_one_step_is_recorded_with_the_steps_it_stands_for() -> None:
    """A program from before the squashing, or a backup, finds the names it knows."""
    applied = MigrationLoader(connection).applied_migrations
    for squashed, migration in SQUASHED.items():
        assert {squashed, *migration.replaces} <= set(applied)
