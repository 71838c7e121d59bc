from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0002_tables")]
    operations = [
        migrations.AddConstraint(
            model_name="blob",
            constraint=models.UniqueConstraint(
                fields=("sha", "language", "format_version"), name="blob_read_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="space",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")), fields=("state",), name="one_active_space"
            ),
        ),
        migrations.AddConstraint(
            model_name="indexrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("status__in", ("queued", "checkout", "definitions", "embedding"))
                ),
                fields=("branch",),
                name="one_unpublished_run_a_branch",
            ),
        ),
        migrations.AddConstraint(
            model_name="repository",
            constraint=models.UniqueConstraint(
                fields=("owner", "name"), name="repository_name_of_owner"
            ),
        ),
        migrations.AddConstraint(
            model_name="branch",
            constraint=models.UniqueConstraint(
                fields=("repository", "name"), name="branch_of_repository"
            ),
        ),
        migrations.AddConstraint(
            model_name="sourcefile",
            constraint=models.UniqueConstraint(
                condition=models.Q(("live", True)),
                fields=("branch", "path"),
                name="one_live_file_a_path",
            ),
        ),
        migrations.AddConstraint(
            model_name="sourcefile",
            constraint=models.UniqueConstraint(
                fields=("from_run", "path"), name="one_file_a_path_and_run"
            ),
        ),
        migrations.AddConstraint(
            model_name="embedding",
            constraint=models.UniqueConstraint(
                fields=("text", "space"), name="one_embedding_a_text"
            ),
        ),
    ]
