"""What members of a team may do, and the people with whom a repository is shared. Both tables are
empty at first, and an older version ignores them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("codeindex", "0024_freshness"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "row",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="details",
                        serialize=False,
                        to="auth.user_groups",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("member", "member"), ("maintainer", "maintainer")],
                        default="member",
                        max_length=10,
                    ),
                ),
                ("by_sign_on", models.BooleanField(db_default=False, default=False)),
            ],
        ),
        migrations.AddField(
            "repository",
            "people",
            models.ManyToManyField(
                blank=True, related_name="shared_repositories", to=settings.AUTH_USER_MODEL
            ),
        ),
    ]
