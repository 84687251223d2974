"""Each day has its version, and what was read in tickets becomes a fact: all is read once more for that."""

import django.db.models.deletion
from django.db import migrations, models


def note_uses(apps, editor):
    use = apps.get_model("texts", "TextUse")
    found = apps.get_model("texts", "TextModel").objects.exclude(used_from=None).order_by("used_from", "id")
    use.objects.bulk_create(use(model_id=pk, since=since) for pk, since in found.values_list("pk", "used_from"))
    apps.get_model("texts", "TextCursor").objects.filter(kind="ticket").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("texts", "0001_texts"),
    ]

    operations = [
        migrations.CreateModel(
            name="TextUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("model", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="uses", to="texts.textmodel")),
            ],
            options={"ordering": ("since", "id")},
        ),
        migrations.AddIndex(
            model_name="textjudgement",
            index=models.Index(fields=["written_at", "topic", "tone", "account"], name="text_topics"),
        ),
        migrations.RunPython(note_uses, migrations.RunPython.noop, elidable=True),
    ]
