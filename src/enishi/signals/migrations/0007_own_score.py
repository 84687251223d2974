from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q


def mark(apps, schema_editor):
    """A product card's score never was the account's; of several others on a day the last computed was."""
    scores = apps.get_model("signals", "HealthScore").objects
    versions = apps.get_model("definitions", "DefinitionVersion").objects
    cards = versions.filter(definition__kind="scorecard").values_list("pk", "body").iterator()
    product = [pk for pk, body in cards if isinstance(body, dict) and body.get("product")]
    scores.filter(version__in=product).update(own=False)
    if scores.filter(own=True).order_by().values("scorecard").distinct().count() < 2:
        return
    newer = Q(computed_at__gt=OuterRef("computed_at")) | Q(
        computed_at=OuterRef("computed_at"), pk__gt=OuterRef("pk")
    )
    beside = scores.filter(newer, account=OuterRef("account"), day=OuterRef("day"), own=True)
    earlier = scores.filter(Exists(beside), own=True).values_list("pk", flat=True)
    numbers = list(earlier)
    for start in range(0, len(numbers), 500):
        scores.filter(pk__in=numbers[start : start + 500]).update(own=False)


class Migration(migrations.Migration):
    dependencies = [("signals", "0006_stake_of_account"), ("definitions", "0001_initial")]

    operations = [
        migrations.AddField("healthscore", "own", models.BooleanField(default=True)),
        migrations.RunPython(mark, migrations.RunPython.noop, elidable=True),
    ]
