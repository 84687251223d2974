from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signals", "0007_own_score")]

    operations = [
        migrations.AddField(
            model_name="scoringrun", name="common_dip", field=models.FloatField(default=0.0)
        ),
    ]
