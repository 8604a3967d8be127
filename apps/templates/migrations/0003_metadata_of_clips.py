"""The kind of prompt that describes clips, and the version of it that ships with Rundown."""

from django.db import migrations, models

KINDS = [("script", "Script of a story"), ("metadata", "Title, description and tags of a clip")]
METADATA = {
    "number": 1,
    "instructions": (
        "You describe short videos for social platforms. You are given what is said in the video, as a machine heard it, "
        "and the name of its file. Write in the language “{{language}}”. State nothing that the video does not say; "
        "where a word was plainly misheard, leave it out. No emoji, no links, no clickbait that the video does not keep."
    ),
    "text": (
        "File name: {{file_name}}\n\n"
        "What is said (empty when nobody speaks):\n{{transcript}}\n\n"
        "The video is {{seconds}} seconds long. Write:\n"
        "- title: at most 80 characters, true, and about this video only\n"
        "- description: one or two sentences for the post, at most 300 characters\n"
        "- hashtags: 3 to 6 tags without the sign #"
    ),
    "variables": [
        {"name": "file_name", "type": "text", "required": False, "material": True, "about": "Name of the file"},
        {"name": "transcript", "type": "text", "required": False, "material": True, "about": "What is said in it"},
        {"name": "language", "type": "text", "required": True, "about": "Language of the content, such as en or ml"},
        {"name": "seconds", "type": "number", "required": True, "about": "Length of the video"},
    ],
    "model": "",
    "options": {"temperature": 0.6, "max_output_tokens": 500},
    "schema": {
        "type": "object",
        "additionalProperties": False,
        "required": ["title", "description", "hashtags"],
        "properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 120},
            "description": {"type": "string", "maxLength": 600},
            "hashtags": {"type": "array", "items": {"type": "string", "maxLength": 60}, "maxItems": 10},
        },
    },
    "note": "Ships with Rundown",
    "author_label": "Rundown",
}


def add(apps, schema_editor):
    template_model = apps.get_model("prompt_templates", "PromptTemplate")
    version_model = apps.get_model("prompt_templates", "PromptVersion")
    template = template_model._base_manager.create(workspace=None, kind="metadata")
    template.active = version_model._base_manager.create(template=template, **METADATA)
    template.save(update_fields=["active"])


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
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
