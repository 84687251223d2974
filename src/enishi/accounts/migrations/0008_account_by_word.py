from django.db import migrations

import enishi.accounts.indexes


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_names_as_read")]

    operations = [
        migrations.RunPython(enishi.accounts.indexes.bring_in_trigrams, migrations.RunPython.noop),
        migrations.AddIndex(
            "account", enishi.accounts.indexes.WordIndex(fields=["search"], name="account_by_word")
        ),
    ]
