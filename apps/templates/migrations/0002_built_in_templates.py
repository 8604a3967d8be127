"""Built-in templates are data in `builtin/`, brought into the database after every migration."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("prompt_templates", "0001_initial")]
    operations = []
