"""Refining can be paused for a whole space."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0017_drafts")]
    operations = [
        migrations.AddField("space", "refining", models.BooleanField(default=True, db_default=True))
    ]
