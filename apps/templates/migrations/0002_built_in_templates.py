"""The prompts that ship with Rundown. A later change of one is a new migration with its next version."""

from django.db import migrations

SCRIPT = {
    "number": 1,
    "instructions": (
        "You prepare true-to-life stories for short vertical videos that a narrator reads aloud. You do not rewrite the "
        "story: you write what stands around it. Write in the language “{{language}}”, in plain spoken sentences. "
        "State nothing that the story does not say. Do not give away how it ends. No emoji, no links, no quotation "
        "marks around whole sentences."
    ),
    "text": (
        "Title of the story: {{title}}\n\n"
        "The story:\n{{story}}\n\n"
        "It will be told in {{parts}} part(s). Write:\n"
        "- title: a title of at most 80 characters that makes people curious and is true\n"
        "- hook: one sentence of at most 20 words, spoken before the story begins\n"
        "- description: one or two sentences for the post, at most 300 characters\n"
        "- call_to_action: one short sentence, spoken at the very end, that asks for a reaction\n"
        "- hashtags: 3 to 6 tags without the sign #"
    ),
    "variables": [
        {"name": "title", "type": "text", "required": True, "material": True, "about": "Title of the story"},
        {"name": "story", "type": "text", "required": True, "material": True, "about": "Text of the story"},
        {"name": "language", "type": "text", "required": True, "about": "Language of the content, such as en or ml"},
        {"name": "parts", "type": "number", "required": True, "about": "Number of videos it is told in"},
    ],
    "model": "",
    "options": {"temperature": 0.7, "max_output_tokens": 700},
    "schema": {
        "type": "object",
        "additionalProperties": False,
        "required": ["title", "hook", "description", "call_to_action", "hashtags"],
        "properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 120},
            "hook": {"type": "string", "minLength": 1, "maxLength": 240},
            "description": {"type": "string", "maxLength": 600},
            "call_to_action": {"type": "string", "maxLength": 200},
            "hashtags": {"type": "array", "items": {"type": "string", "maxLength": 60}, "maxItems": 10},
        },
    },
    "note": "Ships with Rundown",
    "author_label": "Rundown",
}


def add(apps, schema_editor):
    template_model = apps.get_model("prompt_templates", "PromptTemplate")
    version_model = apps.get_model("prompt_templates", "PromptVersion")
    template = template_model._base_manager.create(workspace=None, kind="script")
    template.active = version_model._base_manager.create(template=template, **SCRIPT)
    template.save(update_fields=["active"])


class Migration(migrations.Migration):
    dependencies = [("prompt_templates", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
