import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def tell_rounds(apps, schema_editor):
    """Plans knew their item only; since items may follow one another, the rounds know it too."""
    plans = apps.get_model("content_plans", "ContentPlan")
    rounds = apps.get_model("content_plans", "Round")
    taken = plans._base_manager.exclude(item=None).exclude(round=None)
    for round_id, item_id in taken.values_list("round_id", "item_id").iterator():
        rounds._base_manager.filter(pk=round_id).update(item_id=item_id)


class Migration(migrations.Migration):

    dependencies = [
        ('content', '0003_images'),
        ('content_plans', '0001_plans'),
    ]

    operations = [
        migrations.AddField(
            model_name='round',
            name='item',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='rounds', to='content.item', verbose_name='item'),
        ),
        migrations.AddField(
            model_name='contentplan',
            name='begun_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='processing begun'),
        ),
        migrations.AlterField(
            model_name='researchpage',
            name='outcome',
            field=models.CharField(choices=[('read', 'Read'), ('failed', 'Not read')], default='failed', max_length=8, verbose_name='outcome'),
        ),
        migrations.AlterField(
            model_name='researchpage',
            name='read_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='read'),
        ),
        migrations.RunPython(tell_rounds, migrations.RunPython.noop),
    ]
