"""Runs that are too large for the worker of updates."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0038_map")]

    operations = [
        migrations.AddField(
            model_name="indexrun",
            name="large",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
