from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0033_link_templates")]

    operations = [
        migrations.AddField(
            model_name="repository",
            name="paused",
            field=models.BooleanField(default=False, db_default=False, editable=False),
        ),
    ]
