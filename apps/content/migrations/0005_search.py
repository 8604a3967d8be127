import apps.content.models.search
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# SQLite keeps its index in a table of its own, which follows the entries by triggers. A later migration that has SQLite
# make content_searchentry anew (most changes of a column do) loses them, and must run `follow` again.
# "ascii" takes every character beyond ASCII as part of a word: the terms come cut already.
SQLITE = (
    """
    CREATE VIRTUAL TABLE content_search USING fts5(
        title_words, words, content='content_searchentry', content_rowid='id', tokenize='ascii'
    )
    """,
    """
    CREATE TRIGGER content_search_insert AFTER INSERT ON content_searchentry BEGIN
        INSERT INTO content_search(rowid, title_words, words) VALUES (new.id, new.title_words, new.words);
    END
    """,
    """
    CREATE TRIGGER content_search_delete AFTER DELETE ON content_searchentry BEGIN
        INSERT INTO content_search(content_search, rowid, title_words, words)
        VALUES ('delete', old.id, old.title_words, old.words);
    END
    """,
    """
    CREATE TRIGGER content_search_update AFTER UPDATE ON content_searchentry BEGIN
        INSERT INTO content_search(content_search, rowid, title_words, words)
        VALUES ('delete', old.id, old.title_words, old.words);
        INSERT INTO content_search(rowid, title_words, words) VALUES (new.id, new.title_words, new.words);
    END
    """,
)
POSTGRESQL = (
    """
    CREATE INDEX content_search ON content_searchentry
    USING gin (array_to_tsvector(string_to_array(words, ' ')))
    """,
)
SQLITE_BACK = (
    "DROP TRIGGER content_search_insert",
    "DROP TRIGGER content_search_delete",
    "DROP TRIGGER content_search_update",
    "DROP TABLE content_search",
)


def follow(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def unfollow(apps, schema_editor):
    for statement in ("DROP INDEX content_search",) if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("content", "0004_brand_voice"),
        ("workspaces", "0002_append_only_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("object_id", models.PositiveBigIntegerField()),
                ("title", models.TextField()),
                ("text", models.TextField()),
                ("title_words", apps.content.models.search.TermsField()),
                ("words", apps.content.models.search.TermsField()),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "workspace",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workspaces.workspace",
                        verbose_name="workspace",
                    ),
                ),
            ],
            options={
                "ordering": ["-changed_at", "-pk"],
                "indexes": [models.Index(fields=["workspace", "kind", "-changed_at"], name="search_entry_by_time")],
                "constraints": [models.UniqueConstraint(fields=("kind", "object_id"), name="search_entry_once")],
            },
        ),
        migrations.RunPython(follow, unfollow),
    ]
