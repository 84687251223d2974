import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('fit', '0001_initial'), ('fit', '0002_lists_by_index'), ('fit', '0003_value_that_replaced')]

    initial = True

    dependencies = [
        ('accounts', '0011_what_an_undoing_wrote'),
        ('accounts', '__first__'),
        ('definitions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='FitRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('status', models.CharField(default='running', max_length=10)),
                ('accounts', models.PositiveIntegerField(default=0)),
                ('record', models.JSONField(default=dict)),
                ('suggestion', models.JSONField(default=dict)),
                ('observed_from', models.DateField(null=True)),
                ('read_anew', models.BooleanField(default=False)),
                ('facts_generation', models.BigIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='definitions.definitionversion')),
            ],
            options={
                'ordering': ('-started_at',),
            },
        ),
        migrations.CreateModel(
            name='FitOpinion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('input', models.CharField(max_length=80)),
                ('points', models.PositiveSmallIntegerField()),
                ('reason', models.CharField(max_length=500)),
                ('stated_on', models.DateField()),
                ('expires_on', models.DateField(null=True)),
                ('withdrawn_on', models.DateField(null=True)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fit_opinions', to='accounts.account')),
                ('stated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('replaced_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='replaced', to='fit.fitopinion')),
            ],
            options={
                'ordering': ('account', 'input', '-made_at'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_on', None)), fields=('account', 'input'), name='fit_opinion_in_force_once')],
            },
        ),
        migrations.CreateModel(
            name='AccountFit',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='fit', serialize=False, to='accounts.account')),
                ('sold_on', models.DateField(null=True)),
                ('seller', models.CharField(blank=True, max_length=200)),
                ('sale_tenths', models.IntegerField(null=True)),
                ('sale_band', models.CharField(blank=True, max_length=10)),
                ('sale_coverage', models.FloatField(default=0)),
                ('sale_axes', models.JSONField(default=list)),
                ('stated_on', models.DateField(null=True)),
                ('tenths', models.IntegerField(null=True)),
                ('band', models.CharField(blank=True, max_length=10)),
                ('coverage', models.FloatField(default=0)),
                ('axes', models.JSONField(default=list)),
                ('left_on', models.DateField(null=True)),
                ('regret', models.BooleanField(default=False)),
                ('reasons', models.JSONField(default=list)),
                ('facts', models.JSONField(default=dict)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fits', to='fit.fitrun')),
            ],
            options={
                'indexes': [models.Index(fields=['sale_tenths', 'account'], name='fit_by_score'), models.Index(fields=['sold_on', 'account', 'sale_band', 'regret', 'seller'], name='fit_by_sale'), models.Index(fields=['tenths', 'account'], name='fit_by_score_now'), models.Index(fields=['left_on', 'account'], name='fit_by_leaving'), models.Index(fields=['seller', 'account'], name='fit_by_seller'), models.Index(condition=models.Q(('regret', True)), fields=['sold_on', 'account'], name='fit_regretted')],
            },
        ),
        migrations.CreateModel(
            name='FitStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('tenths', models.IntegerField(null=True)),
                ('band', models.CharField(blank=True, max_length=10)),
                ('coverage', models.FloatField(default=0)),
                ('axes', models.JSONField(default=list)),
                ('sale_tenths', models.IntegerField(null=True)),
                ('sale_band', models.CharField(blank=True, max_length=10)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fit_statements', to='accounts.account')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='definitions.definitionversion')),
            ],
            options={
                'ordering': ('account', '-day'),
                'constraints': [models.UniqueConstraint(fields=('account', 'day'), name='fit_said_once')],
            },
        ),
    ]
