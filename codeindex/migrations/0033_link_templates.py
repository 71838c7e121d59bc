"""A repository's own template of links to its code host."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0032_outgoing_webhooks")]

    operations = [
        migrations.AddField(
            model_name="repository",
            name="link_template",
            field=models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
    ]
