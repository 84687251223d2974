"""A row of a file is one item of the desk, however often the file comes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ingest", "0009_orphans"),
    ]

    operations = [
        migrations.AddField(
            model_name="reject",
            name="content",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddIndex(
            model_name="reject",
            index=models.Index(fields=["content"], name="reject_content"),
        ),
    ]
