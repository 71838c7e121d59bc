import pgvector.django
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0006_evaluations")]
    operations = [
        migrations.AddField(
            model_name="embedding",
            name="structure",
            field=pgvector.django.HalfVectorField(blank=True, null=True),
        ),
    ]
