"""Hosts are asked for new commits. The rows of branches that exist are added by the sweep."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0023_scopes_of_tokens")]
    operations = [
        migrations.AddField(
            "repository",
            "check_minutes",
            models.PositiveIntegerField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0),
                    django.core.validators.MaxValueValidator(43200),
                ],
            ),
        ),
        migrations.CreateModel(
            "Upstream",
            [
                (
                    "branch",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="upstream",
                        serialize=False,
                        to="codeindex.branch",
                    ),
                ),
                ("head", models.CharField(blank=True, max_length=64)),
                ("moved", models.DateTimeField(blank=True, null=True)),
                ("asked", models.DateTimeField(blank=True, null=True)),
                ("due", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("runs", models.PositiveSmallIntegerField(default=0)),
                ("run_due", models.DateTimeField(blank=True, null=True)),
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
        ),
        migrations.AddIndex("upstream", models.Index(fields=["due"], name="upstreams_due")),
    ]
