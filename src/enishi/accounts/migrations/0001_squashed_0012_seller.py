import django.db.migrations.operations.special
import django.db.models.deletion
import django.utils.timezone
import enishi.accounts.indexes
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('accounts', '0001_initial'), ('accounts', '0002_merges'), ('accounts', '0003_merges_from_a_day'), ('accounts', '0004_account_by_name'), ('accounts', '0005_version_of_account'), ('accounts', '0006_second_factor'), ('accounts', '0007_names_as_read'), ('accounts', '0008_account_by_word'), ('accounts', '0009_names_without_legal_form'), ('accounts', '0010_deleted_with_announced_terms'), ('accounts', '0011_what_an_undoing_wrote'), ('accounts', '0012_seller')]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.RunPython(
            code=enishi.accounts.indexes.bring_in_trigrams,
            reverse_code=django.db.migrations.operations.special.RunPython.noop,
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='Team name')),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='Mail address')),
                ('family_name', models.CharField(blank=True, max_length=100, verbose_name='Family name')),
                ('given_name', models.CharField(blank=True, max_length=100, verbose_name='Given name')),
                ('name_kana', models.CharField(blank=True, max_length=200, verbose_name='Name reading')),
                ('role', models.CharField(choices=[('admin', 'Administrator'), ('manager', 'Manager'), ('csm', 'CSM'), ('sales', 'Sales'), ('viewer', 'Viewer')], default='csm', max_length=10, verbose_name='Role')),
                ('scope', models.CharField(choices=[('all', 'All accounts'), ('team', "The team's accounts"), ('own', 'Own accounts')], default='own', max_length=10, verbose_name='Sees')),
                ('language', models.CharField(default='ja', max_length=5, verbose_name='Language')),
                ('is_active', models.BooleanField(default=True, verbose_name='Active')),
                ('joined_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='accounts.team', verbose_name='Team')),
            ],
            options={
                'ordering': ('email',),
            },
        ),
        migrations.CreateModel(
            name='Company',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(default='Enishi', max_length=200, verbose_name='Company name')),
                ('time_zone', models.CharField(default='Asia/Tokyo', max_length=64, verbose_name='Time zone')),
                ('currency', models.CharField(default='JPY', max_length=3, verbose_name='Currency')),
                ('language', models.CharField(default='ja', max_length=5, verbose_name='Language')),
                ('fiscal_year_start', models.PositiveSmallIntegerField(default=4, verbose_name='Fiscal year starts in month')),
                ('week_start', models.PositiveSmallIntegerField(default=0, help_text='0 = Monday', verbose_name='Week starts on')),
                ('holiday_country', models.CharField(default='JP', max_length=5, verbose_name='Holiday calendar')),
                ('extra_holidays', models.JSONField(blank=True, default=list, verbose_name='Company holidays')),
                ('gross_margin', models.DecimalField(decimal_places=4, default='0.8', max_digits=5, verbose_name='Gross margin')),
                ('set_up_at', models.DateTimeField(blank=True, null=True)),
                ('sample', models.BooleanField(default=False)),
                ('factor_rule', models.CharField(choices=[('off', 'Each member decides'), ('leaders', 'Required for administrators and managers'), ('all', 'Required for everyone')], default='off', max_length=10, verbose_name='Second factor')),
                ('factor_grace_days', models.PositiveSmallIntegerField(default=0, verbose_name='Days to set it up')),
                ('factor_since', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'Company',
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=300, verbose_name='Name')),
                ('name_kana', models.CharField(blank=True, max_length=300, verbose_name='Name reading')),
                ('search', models.TextField(blank=True, editable=False)),
                ('domain', models.CharField(blank=True, db_index=True, max_length=253)),
                ('industry', models.CharField(blank=True, max_length=200)),
                ('employees', models.BigIntegerField(blank=True, null=True)),
                ('size', models.CharField(blank=True, max_length=100)),
                ('region', models.CharField(blank=True, max_length=100)),
                ('country', models.CharField(blank=True, max_length=60)),
                ('language', models.CharField(blank=True, max_length=5)),
                ('stage', models.CharField(blank=True, max_length=20)),
                ('channel', models.CharField(blank=True, max_length=100)),
                ('since', models.DateField(blank=True, null=True)),
                ('source', models.CharField(default='manual', max_length=60)),
                ('outside_id', models.CharField(max_length=250)),
                ('extra', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
                ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='merged', to='accounts.account')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='accounts', to=settings.AUTH_USER_MODEL)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='accounts.account')),
                ('seller', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ('id',),
                'indexes': [models.Index(fields=['name_kana', 'name', 'id'], name='account_by_name'), enishi.accounts.indexes.WordIndex(fields=['search'], name='account_by_word')],
                'constraints': [models.UniqueConstraint(fields=('source', 'outside_id'), name='account_outside_id')],
            },
        ),
        migrations.CreateModel(
            name='AuditLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('actor', models.CharField(max_length=200)),
                ('verb', models.CharField(max_length=60)),
                ('target_kind', models.CharField(max_length=40)),
                ('target_id', models.CharField(blank=True, max_length=60)),
                ('target_label', models.CharField(blank=True, max_length=300)),
                ('detail', models.JSONField(blank=True, default=dict)),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='audit_lines', to='accounts.account')),
                ('member', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family_name', models.CharField(blank=True, max_length=100, verbose_name='Family name')),
                ('given_name', models.CharField(blank=True, max_length=100, verbose_name='Given name')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='Full name')),
                ('name_kana', models.CharField(blank=True, max_length=200, verbose_name='Name reading')),
                ('search', models.TextField(blank=True, editable=False)),
                ('email', models.EmailField(blank=True, db_index=True, max_length=254, verbose_name='Mail address')),
                ('phone', models.CharField(blank=True, max_length=50)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('department', models.CharField(blank=True, max_length=200)),
                ('role', models.CharField(blank=True, max_length=20)),
                ('language', models.CharField(blank=True, max_length=5)),
                ('user_id', models.CharField(blank=True, db_index=True, max_length=250)),
                ('since', models.DateField(blank=True, null=True)),
                ('left_on', models.DateField(blank=True, null=True)),
                ('bounced_on', models.DateField(blank=True, null=True)),
                ('source', models.CharField(default='manual', max_length=60)),
                ('outside_id', models.CharField(max_length=250)),
                ('extra', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
                ('erased_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='accounts.account')),
            ],
            options={
                'ordering': ('id',),
                'constraints': [models.UniqueConstraint(fields=('source', 'outside_id'), name='contact_outside_id')],
            },
        ),
        migrations.CreateModel(
            name='OutsideId',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('system', models.CharField(max_length=60)),
                ('value', models.CharField(max_length=250)),
                ('target', models.CharField(choices=[('account', 'Account'), ('user', 'User')], max_length=10)),
                ('made_by', models.CharField(blank=True, max_length=200)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outside_ids', to='accounts.account')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='outside_ids', to='accounts.contact')),
            ],
            options={
                'ordering': ('system', 'value'),
                'constraints': [models.UniqueConstraint(fields=('system', 'target', 'value'), name='outside_id_once')],
            },
        ),
        migrations.CreateModel(
            name='Record',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30)),
                ('source', models.CharField(max_length=60)),
                ('outside_id', models.CharField(max_length=250)),
                ('happened_at', models.DateTimeField()),
                ('data', models.JSONField(default=dict)),
                ('extra', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='records', to='accounts.account')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='records', to='accounts.contact')),
            ],
            options={
                'ordering': ('-happened_at', '-id'),
                'indexes': [models.Index(fields=['account', 'kind', '-happened_at'], name='record_timeline'), models.Index(fields=['kind', 'updated_at', 'id'], name='record_changes')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'source', 'outside_id'), name='record_outside_id')],
            },
        ),
        migrations.CreateModel(
            name='RecordVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30)),
                ('record_id', models.BigIntegerField()),
                ('account_id', models.BigIntegerField(null=True)),
                ('contact_id', models.BigIntegerField(null=True)),
                ('source', models.CharField(max_length=60)),
                ('outside_id', models.CharField(max_length=250)),
                ('valid_on', models.DateField()),
                ('known_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('deleted', models.BooleanField(default=False)),
                ('backfill', models.BooleanField(default=False)),
                ('data', models.JSONField(default=dict)),
                ('actor', models.CharField(blank=True, max_length=200)),
                ('import_id', models.BigIntegerField(null=True)),
                ('undoes', models.BigIntegerField(null=True)),
            ],
            options={
                'ordering': ('id',),
                'indexes': [models.Index(fields=['kind', 'record_id', 'id'], name='version_of_record'), models.Index(condition=models.Q(('import_id__isnull', False)), fields=['import_id', 'id'], name='version_of_import'), models.Index(fields=['account_id', 'kind'], name='version_of_account')],
            },
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('moved', models.JSONField(default=dict)),
                ('made_by', models.CharField(max_length=200)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('undone_by', models.CharField(blank=True, max_length=200)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='accounts.account')),
                ('survivor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='absorbed', to='accounts.account')),
                ('since', models.DateField(blank=True, null=True)),
            ],
            options={
                'ordering': ('-made_at', '-id'),
            },
        ),
    ]
