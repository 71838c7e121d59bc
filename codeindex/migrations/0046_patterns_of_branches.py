"""Branches and tags that are indexed because they match patterns: columns with constant defaults."""

import django.core.validators
from django.db import migrations, models


def patterns(**named):
    return models.JSONField(
        db_default=models.Value([], models.JSONField()), default=list, **named
    )


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0045_searches")]

    operations = [
        migrations.AddField("branch", "by_pattern", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("branch", "is_tag", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("import", "branch_patterns", patterns()),
        migrations.AddField("import", "tag_patterns", patterns()),
        migrations.AddField("repository", "branch_patterns", patterns(blank=True)),
        migrations.AddField("repository", "tag_patterns", patterns(blank=True)),
        migrations.AddField(
            "repository",
            "newest",
            models.PositiveSmallIntegerField(
                db_default=10,
                default=10,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(50),
                ],
            ),
        ),
    ]
