"""What index runs have cost, and forecasts of that: new tables."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from codeindex.databases import cascades


def follow(apps, editor):
    cascades.follow(apps, editor, "RunCost", "run")


class Migration(migrations.Migration):

    dependencies = [
        ('codeindex', '0049_observability'),
    ]

    operations = [
        migrations.CreateModel(
            name='RunCost',
            fields=[
                ('run', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='cost', serialize=False, to='codeindex.indexrun')),
                ('files_new', models.PositiveIntegerField(default=0)),
                ('files_moved', models.PositiveIntegerField(default=0)),
                ('files_shared', models.PositiveIntegerField(default=0)),
                ('content_bytes', models.BigIntegerField(default=0)),
                ('definitions_changed', models.PositiveIntegerField(default=0)),
                ('definitions_new', models.PositiveIntegerField(default=0)),
                ('texts_new', models.PositiveIntegerField(default=0)),
                ('vectors', models.PositiveIntegerField(default=0)),
                ('stored_bytes', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RunPython(follow, migrations.RunPython.noop),
        migrations.CreateModel(
            name='Forecast',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.TextField()),
                ('branch', models.CharField(blank=True, max_length=255)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('figures', models.JSONField()),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['url'], name='forecasts_by_url')],
            },
        ),
    ]
