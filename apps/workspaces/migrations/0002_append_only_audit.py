"""The database refuses to change the audit trail.

Only the link to a person may be cleared, when that person is deleted; their name stays in the row and in its hash. Rows
are removed only with the whole trail, after its head: PostgreSQL insists on that, SQLite cannot, because emptying the
tables of a test would then fail or pass by the order of the tables. The hash chain shows a removal in both.
"""

from django.db import migrations

SQLITE = """
CREATE TRIGGER workspaces_audit_append_only
BEFORE UPDATE OF workspace_id, seq, at, actor, action, target, data, previous_hash, hash ON workspaces_auditentry
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
"""

POSTGRESQL = """
CREATE FUNCTION workspaces_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT 1 FROM workspaces_audithead WHERE workspace_id = OLD.workspace_id) THEN
            RAISE EXCEPTION 'the audit trail is append-only';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.user_id IS NOT NULL OR (to_jsonb(NEW) - 'user_id') <> (to_jsonb(OLD) - 'user_id') THEN
        RAISE EXCEPTION 'the audit trail is append-only';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER workspaces_audit_append_only BEFORE UPDATE OR DELETE ON workspaces_auditentry
FOR EACH ROW EXECUTE FUNCTION workspaces_audit_append_only();
"""


def guard(apps, schema_editor):
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER workspaces_audit_append_only ON workspaces_auditentry")
        schema_editor.execute("DROP FUNCTION workspaces_audit_append_only()")
    else:
        schema_editor.execute("DROP TRIGGER workspaces_audit_append_only")


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
