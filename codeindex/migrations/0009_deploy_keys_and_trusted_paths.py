import re
from os.path import realpath
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import migrations, models


def trust_present_paths(apps, _):
    """Paths outside of the allowed folders were registered by the command, and stay allowed."""
    roots = [Path(realpath(root)) for root in settings.CODEINDEX_LOCAL_ROOTS]
    repositories = apps.get_model("codeindex", "Repository").objects
    for repository in repositories.filter(url__startswith="/").iterator():
        place = Path(repository.url)
        if not any(place.is_relative_to(root) for root in roots):
            repositories.filter(pk=repository.pk).update(trusted_path=True)


def take_secrets_out_of_urls(apps, _):
    """ssh never used a password, and git hosts take no query: nothing was fetched by them. What
    was derived from such an address, a name or an error, may hold the secret too."""
    repositories = apps.get_model("codeindex", "Repository").objects
    runs = apps.get_model("codeindex", "IndexRun").objects
    for repository in repositories.exclude(url__startswith="/").iterator():
        url = without_secrets(repository.url)
        if url == repository.url:
            continue
        name = f"repository-{repository.pk}" if "@" in repository.name else repository.name
        repositories.filter(pk=repository.pk).update(url=url, name=name)
        runs.filter(branch__repository=repository.pk).exclude(error="").update(
            error="This error is not kept: it may show a secret of the address."
        )


def without_secrets(url):
    if "://" not in url:  # user:password@host:path
        return re.sub(r"^([^/@:]+):[^/@]*@", r"\1@", re.split("[?#]", url)[0])
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("://")[0] + "://"
    user, separator, host = parts.netloc.rpartition("@")
    netloc = user.partition(":")[0] + separator + host
    return parts._replace(netloc=netloc, query="", fragment="").geturl()


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0008_how_spaces_are_computed")]
    operations = [
        migrations.AddField(
            "repository",
            "deploy_key",
            models.TextField(blank=True, default="", db_default="", editable=False),
        ),
        migrations.AddField(
            "repository", "trusted_path", models.BooleanField(default=False, db_default=False, editable=False)
        ),
        migrations.RunPython(trust_present_paths, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(take_secrets_out_of_urls, migrations.RunPython.noop, elidable=True),
    ]
