from django.db import DatabaseError, migrations, transaction

import enishi.accounts.indexes


def bring_in_trigrams(apps, schema_editor):
    """The extension, where the server has it and lets this role install it; without it a search reads every row."""
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute(f"CREATE EXTENSION IF NOT EXISTS {enishi.accounts.indexes.TRIGRAMS}")
    except DatabaseError:
        return


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_names_as_read")]

    operations = [
        migrations.RunPython(bring_in_trigrams, migrations.RunPython.noop),
        migrations.AddIndex(
            "account", enishi.accounts.indexes.WordIndex(fields=["search"], name="account_by_word")
        ),
    ]
