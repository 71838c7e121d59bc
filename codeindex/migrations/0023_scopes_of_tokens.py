"""Tokens have scopes and may expire. Those that exist have all scopes, and do not expire."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

SCOPES = ArrayField(models.CharField(max_length=20))


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0022_words_of_file_names")]
    operations = [
        migrations.AddField(
            "token", "expires", models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            "token",
            "scopes",
            ArrayField(
                models.CharField(max_length=20),
                db_default=models.Value(["search", "index", "admin"], SCOPES),
                size=None,
            ),
        ),
    ]
