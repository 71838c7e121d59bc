"""Who made the commits that are indexed, and which commit changed a definition last."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0041_definitions_by_spelling")]

    operations = [
        migrations.CreateModel(
            name="Commit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha", models.CharField(max_length=64)),
                ("author", models.TextField()),
                ("authored", models.DateTimeField()),
                ("subject", models.TextField()),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="commits",
                        to="codeindex.repository",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["authored"], name="commits_by_date")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("repository", "sha"), name="one_commit_a_repository"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DefinitionChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "commit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="codeindex.commit",
                    ),
                ),
                (
                    "definition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="codeindex.definition",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="changes",
                        to="codeindex.sourcefile",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("file", "definition"), name="one_change_a_definition"
                    )
                ],
            },
        ),
    ]
