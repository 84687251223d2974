import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('signals', '0001_initial'), ('signals', '0002_portfolio'), ('signals', '0003_cursor'), ('signals', '0004_former_customers'), ('signals', '0005_order_by_stake'), ('signals', '0006_stake_of_account'), ('signals', '0007_own_score'), ('signals', '0008_common_dip'), ('signals', '0009_opening'), ('signals', '0010_open_once'), ('signals', '0011_unpriced'), ('signals', '0012_fill_gaps')]

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '0003_merges_from_a_day'),
        ('accounts', '0005_version_of_account'),
        ('accounts', '0010_deleted_with_announced_terms'),
        ('accounts', '__first__'),
        ('definitions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ScoringRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('status', models.CharField(default='running', max_length=10)),
                ('progress', models.PositiveSmallIntegerField(default=0)),
                ('accounts', models.PositiveIntegerField(default=0)),
                ('facts_generation', models.BigIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('common_dip', models.FloatField(default=0.0)),
            ],
            options={
                'ordering': ('-started_at',),
            },
        ),
        migrations.CreateModel(
            name='AccountState',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='state', serialize=False, to='accounts.account')),
                ('day', models.DateField()),
                ('scorecard', models.CharField(blank=True, max_length=80)),
                ('tenths', models.IntegerField(null=True)),
                ('band', models.CharField(choices=[('green', 'Good'), ('yellow', 'Caution'), ('red', 'Danger'), ('unknown', 'Unknown')], default='unknown', max_length=10)),
                ('computed_tenths', models.IntegerField(null=True)),
                ('computed_band', models.CharField(choices=[('green', 'Good'), ('yellow', 'Caution'), ('red', 'Danger'), ('unknown', 'Unknown')], default='unknown', max_length=10)),
                ('coverage', models.FloatField(default=0)),
                ('tenths_week_ago', models.IntegerField(null=True)),
                ('band_week_ago', models.CharField(blank=True, max_length=10)),
                ('trend', models.CharField(blank=True, max_length=10)),
                ('lines', models.JSONField(default=list)),
                ('changes', models.JSONField(default=list)),
                ('main_cause', models.CharField(blank=True, max_length=20)),
                ('causes', models.JSONField(default=list)),
                ('alerts', models.JSONField(default=list)),
                ('metrics', models.JSONField(default=dict)),
                ('mrr', models.BigIntegerField(null=True)),
                ('ltv', models.BigIntegerField(null=True)),
                ('at_stake', models.BigIntegerField(default=0)),
                ('renewal_on', models.DateField(null=True)),
                ('seats', models.BigIntegerField(null=True)),
                ('active_users', models.BigIntegerField(null=True)),
                ('last_seen_on', models.DateField(null=True)),
                ('last_contact_on', models.DateField(null=True)),
                ('tenure_days', models.IntegerField(null=True)),
                ('stage', models.CharField(blank=True, max_length=20)),
                ('tier', models.CharField(blank=True, max_length=40)),
                ('computed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('change', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(models.F('tenths'), '-', models.F('tenths_week_ago')), output_field=models.IntegerField(null=True))),
                ('unpriced', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(fields=['band', '-at_stake'], name='state_band'), models.Index(fields=['renewal_on'], name='state_renewal'), models.Index(fields=['tier', 'mrr'], name='state_tier'), models.Index(fields=['tenths'], name='state_tenths'), models.Index(fields=['change'], name='state_change'), models.Index(fields=['mrr'], name='state_mrr'), models.Index(fields=['ltv'], name='state_ltv'), models.Index(fields=['seats'], name='state_seats'), models.Index(fields=['active_users'], name='state_active'), models.Index(fields=['last_seen_on'], name='state_seen'), models.Index(fields=['last_contact_on'], name='state_contact'), models.Index(fields=['tenure_days'], name='state_tenure'), models.Index(fields=['coverage'], name='state_coverage'), models.Index(fields=['main_cause'], name='state_cause'), models.Index(fields=['trend'], name='state_trend'), models.Index(fields=['band', 'band_week_ago', 'tier', 'mrr'], name='state_strip'), models.Index(fields=['stage', 'band', 'band_week_ago', 'tier', 'mrr'], name='state_stage'), models.Index(fields=['-at_stake', 'account', 'stage'], name='state_stake'), models.Index(fields=['account', '-at_stake', 'stage'], name='state_of_account'), models.Index(condition=models.Q(('unpriced', True)), fields=['account'], name='state_unpriced')],
            },
        ),
        migrations.CreateModel(
            name='Backtest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(default='queued', max_length=10)),
                ('progress', models.PositiveSmallIntegerField(default=0)),
                ('parameters', models.JSONField(default=dict)),
                ('result', models.JSONField(default=dict)),
                ('error', models.TextField(blank=True)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='backtests', to='definitions.definitionversion')),
            ],
            options={
                'ordering': ('-asked_at',),
            },
        ),
        migrations.CreateModel(
            name='ManualMeasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('measure', models.CharField(max_length=80)),
                ('value', models.FloatField()),
                ('note', models.CharField(blank=True, max_length=500)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_on', models.DateField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='manual_measures', to='accounts.account')),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-made_at',),
            },
        ),
        migrations.CreateModel(
            name='Override',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('band', models.CharField(choices=[('green', 'Good'), ('yellow', 'Caution'), ('red', 'Danger'), ('unknown', 'Unknown')], max_length=10)),
                ('reason', models.CharField(max_length=500)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_on', models.DateField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='overrides', to='accounts.account')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-made_at',),
            },
        ),
        migrations.CreateModel(
            name='HealthScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scorecard', models.CharField(max_length=80)),
                ('day', models.DateField()),
                ('tenths', models.IntegerField(null=True)),
                ('band', models.CharField(choices=[('green', 'Good'), ('yellow', 'Caution'), ('red', 'Danger'), ('unknown', 'Unknown')], max_length=10)),
                ('coverage', models.FloatField()),
                ('groups', models.JSONField(default=dict)),
                ('lines', models.JSONField(default=list)),
                ('computed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scores', to='accounts.account')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='definitions.definitionversion')),
                ('own', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ('account', 'scorecard', '-day'),
                'indexes': [models.Index(fields=['day', 'scorecard', 'band'], name='score_day')],
                'constraints': [models.UniqueConstraint(fields=('account', 'scorecard', 'day'), name='score_once_a_day')],
            },
        ),
        migrations.CreateModel(
            name='Signal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=60)),
                ('strength', models.PositiveSmallIntegerField(default=100)),
                ('tag', models.CharField(blank=True, max_length=20)),
                ('evidence', models.JSONField(default=list)),
                ('since', models.DateField()),
                ('until', models.DateField(blank=True, null=True)),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='signals', to='accounts.account')),
                ('opening', models.JSONField(default=list)),
            ],
            options={
                'ordering': ('-strength', '-since'),
                'indexes': [models.Index(fields=['account', 'until'], name='signal_open'), models.Index(fields=['type', 'until'], name='signal_type')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('until', None)), fields=('account', 'type'), name='signal_open_once')],
            },
        ),
        migrations.CreateModel(
            name='Cursor',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('position', models.BigIntegerField(default=0)),
            ],
        ),
    ]
