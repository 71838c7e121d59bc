"""A kind of code host with a longer name."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0046_patterns_of_branches")]

    operations = [
        migrations.AlterField(
            "codehost",
            "kind",
            models.CharField(
                choices=[
                    ("github", "GitHub"),
                    ("gitlab", "GitLab"),
                    ("gitea", "Gitea or Forgejo"),
                    ("bitbucket", "Bitbucket Cloud"),
                    ("bitbucket-server", "Bitbucket Server or Data Center"),
                ],
                max_length=20,
            ),
        ),
    ]
