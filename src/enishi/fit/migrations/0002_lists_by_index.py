from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('fit', '0001_initial'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='accountfit',
            name='fit_by_sale',
        ),
        migrations.AddIndex(
            model_name='accountfit',
            index=models.Index(fields=['sold_on', 'account', 'sale_band', 'regret', 'seller'], name='fit_by_sale'),
        ),
        migrations.AddIndex(
            model_name='accountfit',
            index=models.Index(fields=['tenths', 'account'], name='fit_by_score_now'),
        ),
        migrations.AddIndex(
            model_name='accountfit',
            index=models.Index(fields=['left_on', 'account'], name='fit_by_leaving'),
        ),
        migrations.AddIndex(
            model_name='accountfit',
            index=models.Index(fields=['seller', 'account'], name='fit_by_seller'),
        ),
        migrations.AddIndex(
            model_name='accountfit',
            index=models.Index(condition=models.Q(('regret', True)), fields=['sold_on', 'account'], name='fit_regretted'),
        ),
    ]
