"""Who is a customer of the past, and how likely an order is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("value", "0002_curves")]

    operations = [
        migrations.AddField("accountvalue", "left", models.BooleanField(default=False)),
        migrations.AddField("accountvalue", "order_soon", models.FloatField(null=True)),
        migrations.AddField("accountvalue", "order_year", models.FloatField(null=True)),
    ]
