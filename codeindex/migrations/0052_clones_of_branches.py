"""The groups of clones within a branch are found in the background. The table is empty at first."""

import django.db.models.deletion
from django.db import migrations, models

from codeindex.databases import cascades


def follow(apps, editor):
    cascades.follow(apps, editor, "BranchClones", "branch", "run")


class Migration(migrations.Migration):

    dependencies = [
        ('codeindex', '0051_doubtful_names'),
    ]

    operations = [
        migrations.CreateModel(
            name='BranchClones',
            fields=[
                ('branch', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='clones', serialize=False, to='codeindex.branch')),
                ('found', models.JSONField()),
                ('run', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='codeindex.indexrun')),
            ],
        ),
        migrations.RunPython(follow, migrations.RunPython.noop),
    ]
