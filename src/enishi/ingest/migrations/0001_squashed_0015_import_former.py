import django.db.models.deletion
import django.utils.timezone
import enishi.ingest.models.events
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('ingest', '0001_initial'), ('ingest', '0002_files'), ('ingest', '0003_erasure'), ('ingest', '0004_streams'), ('ingest', '0005_erasure_texts'), ('ingest', '0006_arrivals'), ('ingest', '0007_corrections'), ('ingest', '0008_correction_place'), ('ingest', '0009_orphans'), ('ingest', '0010_reject_content'), ('ingest', '0011_correction_failure'), ('ingest', '0012_erasure_kept'), ('ingest', '0013_undoing_events'), ('ingest', '0014_import_zone'), ('ingest', '0015_import_former')]

    initial = True

    dependencies = [
        ('accounts', '0010_deleted_with_announced_terms'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='InboxBody',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('received_us', models.BigIntegerField()),
                ('origin', models.TextField()),
                ('body', models.BinaryField()),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='Reject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(default='event', max_length=30)),
                ('source', models.CharField(blank=True, max_length=100)),
                ('origin', models.CharField(max_length=60)),
                ('position', models.BigIntegerField()),
                ('payload', models.TextField()),
                ('reason', models.CharField(max_length=60)),
                ('message_en', models.TextField()),
                ('message_ja', models.TextField()),
                ('place', models.CharField(blank=True, max_length=200)),
                ('context', models.JSONField(blank=True, default=dict)),
                ('status', models.CharField(choices=[('open', 'Open'), ('replayed', 'Replayed'), ('discarded', 'Discarded')], default='open', max_length=10)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('closed_by', models.CharField(blank=True, max_length=200)),
                ('content', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'verbose_name': 'Rejected item',
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['status', '-id'], name='reject_desk'), models.Index(fields=['content'], name='reject_content')],
                'constraints': [models.UniqueConstraint(fields=('origin', 'position'), name='reject_once')],
            },
        ),
        migrations.CreateModel(
            name='WriteKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='Name')),
                ('product', models.CharField(blank=True, max_length=100, verbose_name='Product')),
                ('system', models.CharField(default='product', max_length=60, verbose_name='Id system')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('shown', models.CharField(editable=False, max_length=20, verbose_name='Key starts with')),
                ('creates_accounts', models.BooleanField(default=True, verbose_name='Unknown groups become accounts')),
                ('updates_records', models.BooleanField(default=False, verbose_name='Traits update accounts and contacts')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='Last used')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='Revoked')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('stream', models.CharField(default=enishi.ingest.models.events.new_stream, editable=False, max_length=40)),
            ],
            options={
                'verbose_name': 'Write key',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30)),
                ('status', models.CharField(choices=[('mapping', 'Being prepared'), ('queued', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('undoing', 'Being undone'), ('undone', 'Undone')], default='mapping', max_length=10)),
                ('name', models.CharField(max_length=255, verbose_name='File')),
                ('stored', models.CharField(blank=True, max_length=300)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('size', models.BigIntegerField(default=0)),
                ('form', models.CharField(blank=True, max_length=10)),
                ('details', models.JSONField(default=dict)),
                ('headings', models.JSONField(default=list)),
                ('plan', models.JSONField(default=dict)),
                ('system', models.CharField(default='product', max_length=60, verbose_name='Id system')),
                ('backfill', models.BooleanField(default=True, verbose_name='History')),
                ('tried', models.BooleanField(default=False)),
                ('total', models.BigIntegerField(null=True)),
                ('done', models.BigIntegerField(default=0)),
                ('created', models.BigIntegerField(default=0)),
                ('updated', models.BigIntegerField(default=0)),
                ('unchanged', models.BigIntegerField(default=0)),
                ('rejected', models.BigIntegerField(default=0)),
                ('warnings', models.JSONField(default=dict)),
                ('error_en', models.TextField(blank=True)),
                ('error_ja', models.TextField(blank=True)),
                ('made_by', models.CharField(max_length=200)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('undone_by', models.CharField(blank=True, max_length=200)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('sent', models.BooleanField(default=False)),
                ('orphans', models.JSONField(default=list)),
                ('received', models.JSONField(default=list)),
                ('taken_back', models.JSONField(default=dict)),
                ('former', models.JSONField(default=list)),
            ],
            options={
                'verbose_name': 'Import',
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='Name')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('shown', models.CharField(editable=False, max_length=20, verbose_name='Key starts with')),
                ('scopes', models.JSONField(default=list)),
                ('system', models.CharField(default='product', max_length=60, verbose_name='Id system')),
                ('created_by', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='Expires')),
                ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='Last used')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='Revoked')),
                ('member', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to=settings.AUTH_USER_MODEL, verbose_name='Sees what this member sees')),
            ],
            options={
                'verbose_name': 'API key',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Mapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30)),
                ('fingerprint', models.CharField(max_length=64)),
                ('headings', models.JSONField(default=list)),
                ('body', models.JSONField(default=dict)),
                ('system', models.CharField(default='product', max_length=60)),
                ('name', models.CharField(max_length=200, verbose_name='Name')),
                ('uses', models.PositiveIntegerField(default=0)),
                ('made_by', models.CharField(blank=True, max_length=200)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('used_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name': 'Mapping',
                'ordering': ('-used_at', '-id'),
                'constraints': [models.UniqueConstraint(fields=('kind', 'fingerprint'), name='mapping_once')],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('request', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(default=0)),
                ('body', models.TextField(blank=True)),
                ('made_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('api_key', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='ingest.apikey')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('api_key', 'key'), name='answer_once')],
            },
        ),
        migrations.CreateModel(
            name='ErasureRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('users', models.JSONField(default=list)),
                ('contact_id', models.BigIntegerField(null=True)),
                ('requested_by', models.CharField(max_length=200)),
                ('requested_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('rows', models.BigIntegerField(default=0)),
                ('blanked', models.BigIntegerField(default=0)),
                ('records', models.PositiveIntegerField(default=0)),
                ('rejects', models.PositiveIntegerField(default=0)),
                ('texts', models.JSONField(default=list)),
                ('traces', models.BigIntegerField(null=True)),
                ('kept', models.JSONField(default=list)),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='StorePolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('raw_months', models.PositiveSmallIntegerField(blank=True, help_text='Empty: for ever.', null=True, verbose_name='Keep raw events for months')),
            ],
        ),
        migrations.CreateModel(
            name='Arrival',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('delivery', models.CharField(max_length=60, unique=True)),
                ('fresh', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30)),
                ('source', models.CharField(blank=True, max_length=100)),
                ('reason', models.CharField(max_length=60)),
                ('fingerprint', models.CharField(blank=True, max_length=64)),
                ('rule', models.JSONField(default=dict)),
                ('kept', models.BooleanField(default=False)),
                ('status', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('failed', 'Failed')], default='waiting', max_length=10)),
                ('total', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('taken', models.PositiveIntegerField(default=0)),
                ('nearer', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('reasons', models.JSONField(default=dict)),
                ('made_by', models.CharField(max_length=200)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('place', models.CharField(blank=True, max_length=200)),
                ('failed_item', models.BigIntegerField(null=True)),
                ('failure', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'verbose_name': 'Correction',
                'ordering': ('-id',),
            },
        ),
    ]
