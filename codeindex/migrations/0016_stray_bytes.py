"""Bytes that could not be decoded are counted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0015_kinds")]
    operations = [
        migrations.AddField(
            model, name, models.PositiveIntegerField(default=0, db_default=0)
        )
        for model, name in (("blob", "stray_bytes"), ("indexrun", "files_stray"))
    ]
