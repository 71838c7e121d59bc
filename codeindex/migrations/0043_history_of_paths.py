"""The history of a path is found by an index, which is built without locking the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("codeindex", "0042_commits")]

    operations = [
        AddIndexConcurrently(
            model_name="sourcefile",
            index=models.Index(
                condition=models.Q(("live", False)),
                fields=["branch", "path"],
                name="history_of_paths",
            ),
        ),
    ]
