from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('risk', '0002_renewal_date'),
    ]

    operations = [
        migrations.AddField(
            model_name='forecastmodel',
            name='chosen_at',
            field=models.DateTimeField(null=True),
        ),
    ]
