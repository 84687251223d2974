import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('growth', '0001_initial'), ('growth', '0002_next_items'), ('growth', '0003_readiness_place'), ('growth', '0004_fit_chosen')]

    initial = True

    dependencies = [
        ('accounts', '0011_what_an_undoing_wrote'),
        ('accounts', '__first__'),
        ('work', '0005_fingerprint_with_days'),
    ]

    operations = [
        migrations.CreateModel(
            name='GrowthRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('facts_generation', models.BigIntegerField(default=0)),
                ('accounts', models.PositiveIntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('sold', models.JSONField(default=dict)),
                ('uplifts', models.JSONField(default=dict)),
                ('stamp', models.CharField(blank=True, max_length=120)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ('-started_at',),
            },
        ),
        migrations.CreateModel(
            name='Effort',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('churn_minutes', models.PositiveIntegerField(default=2400)),
                ('expansion_minutes', models.PositiveIntegerField(default=1800)),
                ('floor', models.FloatField(default=0.02)),
                ('ceiling', models.FloatField(default=0.4)),
                ('months', models.PositiveSmallIntegerField(default=36)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Propensity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('horizon', models.PositiveIntegerField()),
                ('day', models.DateField()),
                ('speaks', models.BooleanField(default=False)),
                ('winners', models.PositiveIntegerField(default=0)),
                ('least', models.PositiveIntegerField(default=0)),
                ('reason_en', models.CharField(blank=True, max_length=500)),
                ('reason_ja', models.CharField(blank=True, max_length=500)),
                ('state', models.JSONField(default=dict)),
                ('report', models.JSONField(default=dict)),
                ('in_use', models.BooleanField(default=True)),
                ('facts_generation', models.BigIntegerField(default=0)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('chosen_at', models.DateTimeField(null=True)),
                ('chosen_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('kind', '-made_at'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('in_use', True)), fields=('kind',), name='propensity_in_use_once')],
            },
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('offer', models.CharField(max_length=80)),
                ('kind', models.CharField(max_length=20)),
                ('status', models.CharField(choices=[('open', 'Under discussion'), ('won', 'Won'), ('lost', 'Declined'), ('set_aside', 'Set aside')], max_length=10)),
                ('before', models.CharField(blank=True, max_length=10)),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='Reason')),
                ('until', models.DateField(blank=True, null=True)),
                ('target', models.JSONField(default=dict)),
                ('probability', models.FloatField(null=True)),
                ('uplift', models.BigIntegerField(null=True)),
                ('amount', models.BigIntegerField(null=True)),
                ('seen_on', models.DateField(null=True)),
                ('made_on', models.DateField()),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('closed_on', models.DateField(blank=True, null=True)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='proposals', to='accounts.account')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('task', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='work.task')),
            ],
            options={
                'ordering': ('-made_at',),
                'indexes': [models.Index(fields=['account', 'offer', '-made_at'], name='proposal_account'), models.Index(fields=['status', '-made_on'], name='proposal_status')],
            },
        ),
        migrations.CreateModel(
            name='Readiness',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('offer', models.CharField(max_length=80)),
                ('kind', models.CharField(max_length=20)),
                ('status', models.CharField(choices=[('ready', 'Ready now'), ('later', 'Ready later')], max_length=10)),
                ('first', models.BooleanField(default=False)),
                ('on', models.DateField()),
                ('since', models.DateField()),
                ('day', models.DateField()),
                ('signs', models.JSONField(default=list)),
                ('weight', models.FloatField(default=0)),
                ('target', models.JSONField(default=dict)),
                ('probability', models.FloatField(null=True)),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('drivers', models.JSONField(default=list)),
                ('uplift', models.BigIntegerField(null=True)),
                ('learned', models.BooleanField(default=False)),
                ('expected', models.BigIntegerField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readiness', to='accounts.account')),
                ('model', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='growth.propensity')),
                ('hidden', models.BooleanField(default=False)),
                ('place', models.BigIntegerField(default=0)),
                ('shown', models.BooleanField(default=False)),
            ],
            options={
                'ordering': ('-place', 'id'),
                'indexes': [models.Index(fields=['shown', '-place', 'id'], name='readiness_shown'), models.Index(fields=['offer', 'hidden', '-place', 'id'], name='readiness_offer'), models.Index(fields=['hidden', '-place', 'id'], name='readiness_every'), models.Index(fields=['shown', 'on', 'id'], name='readiness_on')],
                'constraints': [models.UniqueConstraint(fields=('account', 'offer'), name='readiness_once')],
            },
        ),
        migrations.CreateModel(
            name='CommerceTrial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('enough', models.BooleanField(default=False)),
                ('used', models.CharField(max_length=20)),
                ('cases', models.PositiveIntegerField(default=0)),
                ('report', models.JSONField(default=dict)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ('-made_at',),
            },
        ),
        migrations.CreateModel(
            name='NextItems',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='next_items', serialize=False, to='accounts.account')),
                ('day', models.DateField()),
                ('items', models.JSONField(default=list)),
                ('last_item', models.CharField(blank=True, max_length=300)),
                ('last_on', models.DateField(db_index=True)),
                ('orders', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ('-last_on', 'account'),
            },
        ),
    ]
