from django.db import migrations, models


def end_twins(apps, schema_editor):
    """Of signals opened twice by passes at the same time the earliest stays."""
    Signal = apps.get_model("signals", "Signal")
    standing = set()
    for number, account, kind in (
        Signal.objects.filter(until=None).order_by("since", "pk").values_list("pk", "account_id", "type").iterator()
    ):
        if (account, kind) in standing:
            Signal.objects.filter(pk=number).delete()
        standing.add((account, kind))


class Migration(migrations.Migration):
    dependencies = [("signals", "0009_opening")]

    operations = [
        migrations.RunPython(end_twins, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="signal",
            constraint=models.UniqueConstraint(
                fields=["account", "type"], condition=models.Q(until=None), name="signal_open_once"
            ),
        ),
    ]
