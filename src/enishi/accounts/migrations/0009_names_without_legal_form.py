"""Accounts whose legal form stands within the name are found without it too."""

from django.db import migrations

from enishi.kit.text import fold, name_words

BATCH = 1000


def add_joined_names(apps, schema_editor):
    accounts = apps.get_model("accounts", "Account")
    changed = []
    for account in accounts.objects.only("name", "search").iterator(BATCH):
        joined = "".join(name_words(account.name))
        if joined not in account.search and joined not in fold(account.name).replace(" ", ""):
            account.search = "\n".join([*account.search.splitlines(), joined])
            changed.append(account)
        if len(changed) == BATCH:
            accounts.objects.bulk_update(changed, ["search"])
            changed.clear()
    accounts.objects.bulk_update(changed, ["search"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_account_by_word")]

    operations = [migrations.RunPython(add_joined_names, migrations.RunPython.noop, elidable=True)]
