from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_version_of_account")]

    operations = [
        migrations.AddField(
            model_name="company",
            name="factor_rule",
            field=models.CharField(
                choices=[
                    ("off", "Each member decides"),
                    ("leaders", "Required for administrators and managers"),
                    ("all", "Required for everyone"),
                ],
                default="off",
                max_length=10,
                verbose_name="Second factor",
            ),
        ),
        migrations.AddField(
            model_name="company",
            name="factor_grace_days",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="Days to set it up"),
        ),
        migrations.AddField(
            model_name="company",
            name="factor_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
