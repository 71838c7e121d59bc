"""Doubts about names are written with vectors and dismissed by people. Both tables are empty at
first, and an older version ignores them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from codeindex.databases import cascades


def follow(apps, editor):
    cascades.follow(apps, editor, "NameDismissal", "repository", "dismissed_by")


class Migration(migrations.Migration):

    dependencies = [
        ('codeindex', '0050_costs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='NameDoubt',
            fields=[
                ('embedding', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='name_doubt', serialize=False, to='codeindex.embedding')),
                ('doubt', models.FloatField()),
            ],
        ),
        migrations.AddField(
            model_name='space',
            name='name_likely',
            field=models.FloatField(db_default=0.3, default=0.3),
        ),
        migrations.AddField(
            model_name='space',
            name='name_sure',
            field=models.FloatField(db_default=0.6, default=0.6),
        ),
        migrations.AddField(
            model_name='space',
            name='names_judged_from',
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name='NameDismissal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text_hash', models.CharField(max_length=64)),
                ('path', models.TextField()),
                ('qualified_name', models.TextField()),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('dismissed_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='dismissed_names', to=settings.AUTH_USER_MODEL)),
                ('repository', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='dismissed_names', to='codeindex.repository')),
            ],
            options={
                'ordering': ['-created', '-pk'],
                'constraints': [models.UniqueConstraint(fields=('repository', 'text_hash'), name='one_dismissal_a_text')],
            },
        ),
        migrations.RunPython(follow, migrations.RunPython.noop),
    ]
