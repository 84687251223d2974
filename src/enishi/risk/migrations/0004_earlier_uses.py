from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('risk', '0003_chosen_by_hand'),
    ]

    operations = [
        migrations.AddField(
            model_name='forecastmodel',
            name='earlier_uses',
            field=models.JSONField(default=list),
        ),
    ]
