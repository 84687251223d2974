import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('texts', '0001_texts'), ('texts', '0002_readings'), ('texts', '0003_lists_at_size')]

    initial = True

    dependencies = [
        ('accounts', '0011_what_an_undoing_wrote'),
        ('accounts', '0012_seller'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='TextCursor',
            fields=[
                ('kind', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('changed_at', models.DateTimeField()),
                ('number', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='TextModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('scorer', models.CharField(default='enishi', max_length=80)),
                ('status', models.CharField(choices=[('training', 'Learning'), ('in_use', 'In use'), ('retired', 'Replaced'), ('refused', 'Not published'), ('failed', 'Failed')], default='training', max_length=10)),
                ('progress', models.PositiveSmallIntegerField(default=0)),
                ('reason', models.JSONField(default=dict)),
                ('corpus', models.CharField(blank=True, max_length=16)),
                ('corrections', models.PositiveIntegerField(default=0)),
                ('corrected_until', models.DateTimeField(null=True)),
                ('report', models.JSONField(default=dict)),
                ('state', models.BinaryField(default=bytes)),
                ('error', models.TextField(blank=True)),
                ('made_by', models.CharField(max_length=200)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('used_from', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ('-number',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'in_use')), fields=('status',), name='text_model_one_in_use')],
            },
        ),
        migrations.CreateModel(
            name='TextCorrection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('ticket', 'Ticket'), ('survey_answer', 'Survey answer'), ('interaction', 'Interaction'), ('note', 'Note')], max_length=20)),
                ('record_id', models.BigIntegerField()),
                ('language', models.CharField(max_length=5)),
                ('digest', models.CharField(max_length=16)),
                ('tone', models.CharField(blank=True, max_length=10)),
                ('topic', models.CharField(blank=True, max_length=40)),
                ('before', models.JSONField(default=dict)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.account')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-made_at', '-id'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('kind', 'record_id'), name='text_corrected_once')],
            },
        ),
        migrations.CreateModel(
            name='TextJudgement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('ticket', 'Ticket'), ('survey_answer', 'Survey answer'), ('interaction', 'Interaction'), ('note', 'Note')], max_length=20)),
                ('record_id', models.BigIntegerField()),
                ('written_at', models.DateTimeField()),
                ('language', models.CharField(max_length=5)),
                ('tone', models.CharField(blank=True, max_length=10)),
                ('topic', models.CharField(blank=True, max_length=40)),
                ('tone_confidence', models.FloatField(default=0)),
                ('topic_confidence', models.FloatField(default=0)),
                ('corrected', models.BooleanField(default=False)),
                ('digest', models.CharField(max_length=16)),
                ('judged_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='text_judgements', to='accounts.account')),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='judgements', to='texts.textmodel')),
            ],
            options={
                'ordering': ('-written_at', '-id'),
                'indexes': [models.Index(fields=['account', '-written_at'], name='text_of_account'), models.Index(fields=['-written_at', '-id'], name='text_recent'), models.Index(fields=['written_at', 'topic', 'tone', 'account'], name='text_topics'), models.Index(fields=['topic', '-written_at', '-id'], name='text_by_topic'), models.Index(condition=models.Q(('corrected', True)), fields=['-written_at', '-id'], name='text_put_right')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'record_id'), name='text_judged_once')],
            },
        ),
        migrations.CreateModel(
            name='TextUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='texts.textmodel')),
            ],
            options={
                'ordering': ('since', 'id'),
            },
        ),
    ]
