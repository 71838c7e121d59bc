"""Recent and saved searches, and what alerts of these have found: new tables. An outgoing delivery
is about a run or an alert; both statements that change its table only change its catalogue."""


import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('codeindex', '0044_quality'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('matches', models.JSONField()),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('mail_due', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='AwaitedComparison',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='RecentSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('asked', models.TextField()),
                ('text', models.TextField(blank=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name_plural': 'recent searches',
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='SavedSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('asked', models.TextField()),
                ('alerting', models.DateTimeField(blank=True, null=True)),
                ('mail', models.BooleanField(default=False)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name_plural': 'saved searches',
                'ordering': ['name', 'pk'],
            },
        ),
        migrations.AlterField(
            model_name='outgoingdelivery',
            name='event',
            field=models.CharField(choices=[('run.finished', 'an index run has finished'), ('run.failed', 'an index run has failed'), ('search.matched', 'a saved search has found new code')], max_length=20),
        ),
        migrations.AlterField(
            model_name='outgoingdelivery',
            name='run',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='codeindex.indexrun'),
        ),
        migrations.AddField(
            model_name='outgoingdelivery',
            name='alert',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='codeindex.alert'),
        ),
        migrations.AddConstraint(
            model_name='outgoingdelivery',
            constraint=models.UniqueConstraint(fields=('webhook', 'alert'), name='alert_told_once'),
        ),
        migrations.AddField(
            model_name='awaitedcomparison',
            name='run',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='codeindex.indexrun'),
        ),
        migrations.AddField(
            model_name='recentsearch',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recent_searches', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='savedsearch',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_searches', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='alert',
            name='search',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='codeindex.savedsearch'),
        ),
        migrations.AddConstraint(
            model_name='recentsearch',
            constraint=models.UniqueConstraint(fields=('user', 'digest'), name='recent_search_once'),
        ),
        migrations.AddConstraint(
            model_name='savedsearch',
            constraint=models.UniqueConstraint(fields=('owner', 'name'), name='saved_search_of_owner'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(condition=models.Q(('mail_due__isnull', False)), fields=['mail_due'], name='mails_due'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(fields=['created'], name='alerts_by_age'),
        ),
    ]
