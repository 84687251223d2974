from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signals", "0005_order_by_stake")]

    operations = [
        migrations.AddIndex(
            "accountstate",
            models.Index(fields=["account", "-at_stake", "stage"], name="state_of_account"),
        ),
    ]
