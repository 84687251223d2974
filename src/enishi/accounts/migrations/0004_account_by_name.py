from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_merges_from_a_day")]

    operations = [
        migrations.AddIndex(
            "account",
            models.Index(fields=["name_kana", "name", "id"], name="account_by_name"),
        ),
    ]
