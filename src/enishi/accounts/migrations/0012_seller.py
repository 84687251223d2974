from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_what_an_undoing_wrote"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="seller",
            field=models.CharField(blank=True, max_length=200),
        ),
    ]
