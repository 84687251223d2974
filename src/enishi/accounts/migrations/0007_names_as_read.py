"""Contacts with names in Latin letters are found as they are read: given name first."""

from django.db import migrations

from enishi.kit.text import fold, full_name

BATCH = 1000


def add_given_name_first(apps, schema_editor):
    contacts = apps.get_model("accounts", "Contact")
    changed = []
    for contact in contacts.objects.exclude(family_name="").exclude(given_name="").iterator(BATCH):
        read = fold(full_name(contact.family_name, contact.given_name))
        if contact.erased_at is None and read not in contact.search:
            contact.search = "\n".join([*contact.search.splitlines(), read])
            changed.append(contact)
        if len(changed) == BATCH:
            contacts.objects.bulk_update(changed, ["search"])
            changed.clear()
    contacts.objects.bulk_update(changed, ["search"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_second_factor")]

    operations = [migrations.RunPython(add_given_name_first, migrations.RunPython.noop, elidable=True)]
