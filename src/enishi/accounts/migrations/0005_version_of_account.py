from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_account_by_name")]

    operations = [
        migrations.AddIndex(
            "recordversion",
            models.Index(fields=["account_id", "kind"], name="version_of_account"),
        ),
    ]
