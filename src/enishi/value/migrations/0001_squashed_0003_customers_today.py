import django.db.models.deletion
import django.utils.timezone
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('value', '0001_initial'), ('value', '0002_curves'), ('value', '0003_customers_today')]

    initial = True

    dependencies = [
        ('accounts', '0011_what_an_undoing_wrote'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='ValueSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('discount_rate', models.DecimalField(decimal_places=4, default=Decimal('0.1'), max_digits=5)),
                ('horizon_years', models.PositiveSmallIntegerField(default=10)),
                ('hour_cost', models.BigIntegerField(blank=True, null=True)),
                ('ticket_cost', models.BigIntegerField(blank=True, null=True)),
                ('ranking', models.CharField(choices=[('auto', 'What is still to come, else simple'), ('simple', 'Simple LTV')], default='auto', max_length=20)),
                ('changed_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ValueRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('status', models.CharField(default='running', max_length=10)),
                ('progress', models.PositiveSmallIntegerField(default=0)),
                ('accounts', models.PositiveIntegerField(default=0)),
                ('assumptions', models.JSONField(default=dict)),
                ('fits', models.JSONField(default=dict)),
                ('facts_generation', models.BigIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-started_at',),
            },
        ),
        migrations.CreateModel(
            name='SegmentValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dimension', models.CharField(max_length=20)),
                ('segment', models.CharField(blank=True, max_length=200)),
                ('customers', models.PositiveIntegerField()),
                ('lost', models.PositiveIntegerField()),
                ('multiplier', models.FloatField(null=True)),
                ('multiplier_low', models.FloatField(null=True)),
                ('multiplier_high', models.FloatField(null=True)),
                ('curve', models.JSONField(default=list)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='segments', to='value.valuerun')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('run', 'dimension', 'segment'), name='segment_value_once')],
            },
        ),
        migrations.CreateModel(
            name='AccountValue',
            fields=[
                ('simple', models.BigIntegerField(null=True)),
                ('simple_low', models.BigIntegerField(null=True)),
                ('simple_high', models.BigIntegerField(null=True)),
                ('contractual', models.BigIntegerField(null=True)),
                ('contractual_low', models.BigIntegerField(null=True)),
                ('contractual_high', models.BigIntegerField(null=True)),
                ('residual', models.BigIntegerField(null=True)),
                ('residual_low', models.BigIntegerField(null=True)),
                ('residual_high', models.BigIntegerField(null=True)),
                ('noncontractual', models.BigIntegerField(null=True)),
                ('noncontractual_low', models.BigIntegerField(null=True)),
                ('noncontractual_high', models.BigIntegerField(null=True)),
                ('chosen', models.BigIntegerField(null=True)),
                ('chosen_by', models.CharField(blank=True, choices=[('simple', 'Simple LTV'), ('contractual', 'Contractual LTV, from the first day'), ('residual', 'Contractual LTV, still to come'), ('noncontractual', 'Repeat-purchase LTV, still to come')], max_length=20)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='value', serialize=False, to='accounts.account')),
                ('day', models.DateField()),
                ('margin', models.BigIntegerField(null=True)),
                ('service', models.BigIntegerField(null=True)),
                ('acquisition', models.BigIntegerField(null=True)),
                ('earned', models.BigIntegerField(null=True)),
                ('months', models.PositiveIntegerField(default=0)),
                ('even_month', models.PositiveIntegerField(null=True)),
                ('months_left', models.FloatField(null=True)),
                ('near_term', models.BooleanField(default=False)),
                ('detail', models.JSONField(default=dict)),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='values', to='value.valuerun')),
                ('curve', models.JSONField(default=list)),
                ('since', models.DateField(null=True)),
                ('left', models.BooleanField(default=False)),
                ('order_soon', models.FloatField(null=True)),
                ('order_year', models.FloatField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['-chosen', 'account'], name='value_by_chosen')],
            },
        ),
        migrations.CreateModel(
            name='ValueStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('simple', models.BigIntegerField(null=True)),
                ('simple_low', models.BigIntegerField(null=True)),
                ('simple_high', models.BigIntegerField(null=True)),
                ('contractual', models.BigIntegerField(null=True)),
                ('contractual_low', models.BigIntegerField(null=True)),
                ('contractual_high', models.BigIntegerField(null=True)),
                ('residual', models.BigIntegerField(null=True)),
                ('residual_low', models.BigIntegerField(null=True)),
                ('residual_high', models.BigIntegerField(null=True)),
                ('noncontractual', models.BigIntegerField(null=True)),
                ('noncontractual_low', models.BigIntegerField(null=True)),
                ('noncontractual_high', models.BigIntegerField(null=True)),
                ('chosen', models.BigIntegerField(null=True)),
                ('chosen_by', models.CharField(blank=True, choices=[('simple', 'Simple LTV'), ('contractual', 'Contractual LTV, from the first day'), ('residual', 'Contractual LTV, still to come'), ('noncontractual', 'Repeat-purchase LTV, still to come')], max_length=20)),
                ('day', models.DateField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='value_statements', to='accounts.account')),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='statements', to='value.valuerun')),
            ],
            options={
                'ordering': ('account', '-day'),
                'indexes': [models.Index(fields=['day'], name='value_said_on')],
                'constraints': [models.UniqueConstraint(fields=('account', 'day'), name='value_said_once')],
            },
        ),
    ]
