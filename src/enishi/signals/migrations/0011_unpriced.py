from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import migrations, models


def forget_what_was_judged_afterwards(apps, schema_editor):
    """Looking at a past day used to keep what it came to, by rules mended since. Such scores cannot be told from those
    of the filling, so that all made afterwards go and are made anew; what was said on a day itself stays."""
    company = apps.get_model("accounts", "Company").objects.first()
    zone = ZoneInfo(company.time_zone if company else "UTC")
    scores = apps.get_model("signals", "HealthScore").objects.order_by()
    for day in list(scores.values_list("day", flat=True).distinct()):
        closed = datetime.combine(day + timedelta(days=2), time(), zone)
        scores.filter(day=day, computed_at__gte=closed).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_deleted_with_announced_terms"), ("signals", "0010_open_once")]

    operations = [
        migrations.AddField(
            model_name="accountstate", name="unpriced", field=models.BooleanField(default=False)
        ),
        migrations.AddIndex(
            model_name="accountstate",
            index=models.Index(
                condition=models.Q(("unpriced", True)), fields=["account"], name="state_unpriced"
            ),
        ),
        migrations.RunPython(
            forget_what_was_judged_afterwards, migrations.RunPython.noop, elidable=True
        ),
    ]
