"""References of tables that are newer than 0047 are followed by the database, since a version that does not know
these tables deletes what they refer to."""

from django.db import migrations

from codeindex.databases import cascades


def follow(apps, editor):
    cascades.follow(apps, editor, "RunCost", "NameDismissal", "BranchClones")


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0052_clones_of_branches")]

    operations = [migrations.RunPython(follow, migrations.RunPython.noop)]
