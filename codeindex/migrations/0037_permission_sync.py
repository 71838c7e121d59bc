"""Permissions that follow a code host: new tables, and what hosts say of imported repositories."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('codeindex', '0036_oauth_grants'),
        ('socialaccount', '0006_alter_socialaccount_extra_data'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SignOnIdentity',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='identity', serialize=False, to='socialaccount.socialaccount')),
                ('provider', models.CharField(max_length=2048)),
                ('email', models.CharField(blank=True, max_length=254)),
            ],
            options={
                'verbose_name_plural': 'sign-on identities',
            },
        ),
        migrations.AddField(
            model_name='importedrepository',
            name='public_at_host',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='importedrepository',
            name='readers_asked',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='importedrepository',
            name='readers_error',
            field=models.CharField(blank=True, db_default='', default='', max_length=300),
        ),
        migrations.AddField(
            model_name='importedrepository',
            name='readers_known',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='PermissionSync',
            fields=[
                ('source', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='permission_sync', serialize=False, to='codeindex.import')),
                ('synced', models.DateTimeField(blank=True, null=True)),
                ('notice', models.TextField(blank=True)),
                ('due', models.DateTimeField(blank=True, db_default=django.db.models.functions.datetime.Now(), null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['due'], name='permission_syncs_due')],
            },
        ),
        migrations.CreateModel(
            name='HostAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.CharField(max_length=100)),
                ('email', models.CharField(blank=True, max_length=254)),
                ('asked', models.DateTimeField()),
                ('host', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='accounts', to='codeindex.codehost')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('host', 'uid'), name='account_of_code_host')],
            },
        ),
        migrations.CreateModel(
            name='HostReader',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('imported', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readers', to='codeindex.importedrepository')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('imported', 'user'), name='reader_of_imported')],
            },
        ),
    ]
