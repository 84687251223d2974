"""What the editor sends back is compared as it holds: one weight changed is one change."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.test import Client
from tests.world import NOW, make_world

from enishi.definitions.api import changes_between, find_published, install_defaults, list_versions

pytestmark = pytest.mark.django_db


class Form(HTMLParser):
    """The fields a browser would send of the form ``card-form``, untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.choice, self.fields = False, "", {}  # type: ignore[var-annotated]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = own.get("id") == "card-form"
        if not self.inside:
            return
        if tag == "select":
            self.choice = own["name"]
            self.fields.setdefault(self.choice, []).append(None)
        elif tag == "option":
            values = self.fields[self.choice]
            if values[-1] is None or "selected" in own:
                values[-1] = own["value"]
        elif tag == "input" and "name" in own:
            ticks = own.get("type") in ("checkbox", "radio")
            if not ticks or "checked" in own:
                self.fields.setdefault(own["name"], []).append(own.get("value", "on" if ticks else ""))


def sent_by(client: Client) -> dict[str, list[str]]:
    form = Form()
    form.feed(client.get("/health/scorecards/default/").content.decode())
    return {name: [value or "" for value in values] for name, values in form.fields.items()}


def test_one_weight_changed_through_the_form_is_one_change() -> None:
    world = make_world()
    install_defaults("system", NOW)
    client = Client()
    client.force_login(world.suzuki)
    fields = sent_by(client)
    assert len(fields) > 100
    (before,) = fields["measure:volume:weight"]
    client.post("/health/scorecards/default/draft/", fields | {"measure:volume:weight": ["77"]})
    draft, published = list_versions("scorecard", "default")[0], find_published("scorecard", "default")
    assert published is not None
    assert draft.status == "draft"
    (change,) = changes_between("scorecard", published.version.body, draft.body)
    assert change.text.ja.endswith(f"の重み:{before} → 77")
    page = client.get("/health/scorecards/default/publish/").content.decode()
    assert page.count("<li>項目「") == 1
    assert change.text.ja in page
