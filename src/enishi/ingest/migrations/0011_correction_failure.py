from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ingest", "0010_reject_content"),
    ]

    operations = [
        migrations.AddField(
            model_name="correction",
            name="failed_item",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="correction",
            name="failure",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AlterField(
            model_name="correction",
            name="status",
            field=models.CharField(
                choices=[("waiting", "Waiting"), ("done", "Done"), ("failed", "Failed")],
                default="waiting",
                max_length=10,
            ),
        ),
    ]
