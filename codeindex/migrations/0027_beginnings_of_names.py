"""Definitions are found by the beginnings of their names, for suggestions while somebody types. The
index is built without a lock."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Collate, Lower


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("codeindex", "0026_audit")]
    operations = [
        AddIndexConcurrently(
            "definition",
            models.Index(Collate(Lower("name"), "C"), name="definitions_by_beginning"),
        ),
    ]
