import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('risk', '0001_initial'), ('risk', '0002_renewal_date'), ('risk', '0003_chosen_by_hand')]

    initial = True

    dependencies = [
        ('accounts', '0011_what_an_undoing_wrote'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='ForecastModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('horizon', models.PositiveSmallIntegerField()),
                ('version', models.PositiveIntegerField()),
                ('status', models.CharField(choices=[('candidate', 'Candidate'), ('in_use', 'In use'), ('retired', 'Retired'), ('refused', 'Refused')], default='candidate', max_length=10)),
                ('kind', models.CharField(max_length=40)),
                ('outcome', models.CharField(max_length=20)),
                ('as_of', models.DateField()),
                ('speaks', models.BooleanField(default=True)),
                ('missing', models.PositiveIntegerField(default=0)),
                ('base_rate', models.FloatField(null=True)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('accounts', models.PositiveIntegerField(default=0)),
                ('outcomes', models.PositiveIntegerField(default=0)),
                ('facts_generation', models.BigIntegerField(default=0)),
                ('trained_on', models.JSONField(default=dict)),
                ('state', models.JSONField(default=dict)),
                ('report', models.JSONField(default=dict)),
                ('reason_en', models.TextField(blank=True)),
                ('reason_ja', models.TextField(blank=True)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('used_from', models.DateTimeField(null=True)),
                ('used_until', models.DateTimeField(null=True)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('recalibrated', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='recalibrations', to='risk.forecastmodel')),
                ('chosen_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ('horizon', '-version'),
                'constraints': [models.UniqueConstraint(fields=('horizon', 'version'), name='forecast_version_once'), models.UniqueConstraint(condition=models.Q(('status', 'in_use')), fields=('horizon',), name='forecast_one_in_use')],
            },
        ),
        migrations.CreateModel(
            name='AccountRisk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('horizon', models.PositiveSmallIntegerField()),
                ('day', models.DateField()),
                ('probability', models.FloatField(null=True)),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('base_rate', models.FloatField(null=True)),
                ('rank', models.FloatField(null=True)),
                ('due_on', models.DateField(null=True)),
                ('drivers', models.JSONField(default=list)),
                ('exits', models.JSONField(default=list)),
                ('computed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='risks', to='accounts.account')),
                ('model', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='risks', to='risk.forecastmodel')),
                ('renewal_on', models.DateField(null=True)),
            ],
            options={
                'ordering': ('horizon', '-probability'),
                'indexes': [models.Index(fields=['horizon', '-probability', 'account'], name='risk_by_probability'), models.Index(fields=['horizon', '-rank', 'account'], name='risk_by_rank')],
                'constraints': [models.UniqueConstraint(fields=('account', 'horizon'), name='risk_once')],
            },
        ),
        migrations.CreateModel(
            name='ForecastRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('fit', 'Fit'), ('score', 'Score')], max_length=10)),
                ('horizon', models.PositiveSmallIntegerField(null=True)),
                ('day', models.DateField()),
                ('status', models.CharField(choices=[('queued', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=10)),
                ('progress', models.PositiveSmallIntegerField(default=0)),
                ('drift', models.JSONField(default=dict)),
                ('facts_generation', models.BigIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('model', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='runs', to='risk.forecastmodel')),
            ],
            options={
                'ordering': ('-asked_at', '-pk'),
                'indexes': [models.Index(fields=['kind', 'status', 'day'], name='forecast_run')],
            },
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('horizon', models.PositiveSmallIntegerField()),
                ('day', models.DateField()),
                ('probability', models.FloatField()),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('due_on', models.DateField(null=True)),
                ('outcome', models.BooleanField(null=True)),
                ('lost_on', models.DateField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='statements', to='accounts.account')),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='risk.forecastmodel')),
            ],
            options={
                'ordering': ('account', 'horizon', '-day'),
                'indexes': [models.Index(fields=['horizon', 'day'], name='statement_day'), models.Index(condition=models.Q(('outcome', None)), fields=['horizon', 'due_on'], name='statement_open')],
                'constraints': [models.UniqueConstraint(fields=('account', 'horizon', 'day'), name='statement_once_a_day')],
            },
        ),
    ]
