"""Number the forms that answers of a kind have had: the same form, the same number."""

from django.db import migrations, models


def number(apps, schema_editor):
    versions = apps.get_model("prompt_templates", "PromptVersion")._base_manager
    built_in, known, last = {}, {}, {}
    # The built-in ones first: a workspace's version with the same form has their number.
    for row in sorted(versions.select_related("template"), key=lambda row: (row.template.workspace_id is not None, row.pk)):
        kind = row.template.kind
        own = known.setdefault((row.template.workspace_id, kind), [])
        theirs = built_in.setdefault(kind, [])
        found = next((form for schema, form in [*theirs, *own] if schema == row.schema), None)
        if found is None:
            found = last[kind] = last.get(kind, 0) + 1
            (own if row.template.workspace_id else theirs).append((row.schema, found))
        if found != 1:
            versions.filter(pk=row.pk).update(answer_version=found)


class Migration(migrations.Migration):
    dependencies = [("prompt_templates", "0007_asking_providers")]

    operations = [
        migrations.AddField(
            model_name="promptversion",
            name="answer_version",
            field=models.PositiveIntegerField(default=1, verbose_name="number of the answer's form"),
        ),
        migrations.RunPython(number, migrations.RunPython.noop),
    ]
