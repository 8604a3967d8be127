"""The kind of prompt that describes clips."""

from django.db import migrations, models

KINDS = [("script", "Script of a story"), ("metadata", "Title, description and tags of a clip")]


class Migration(migrations.Migration):
    dependencies = [("prompt_templates", "0002_built_in_templates")]
    operations = [
        migrations.AlterField(
            model_name="prompttemplate",
            name="kind",
            field=models.CharField(choices=KINDS, editable=False, max_length=24, verbose_name="kind"),
        ),
        migrations.AlterField(
            model_name="generation",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=24, verbose_name="kind"),
        ),
    ]
