"""Names of events and products: given, shown at once, taken back; leaders only."""

from __future__ import annotations

import pytest
from tests.pages import SignIn
from tests.world import World

from enishi.definitions.api import event_title, get_names, list_versions, product_title
from enishi.web.pages.names import reads


@pytest.fixture(autouse=True)
def seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came in, without a store."""
    monkeypatch.setattr(reads, "event_names", lambda: ["report_exported", "login"])
    monkeypatch.setattr(reads, "product_ids", lambda: ["sora-desk"])


def test_names_are_given_and_in_use_at_once(world: World, sign_in: SignIn) -> None:
    client = sign_in("suzuki")
    page = client.get("/setup/names/").content.decode()
    assert 'name="events:report_exported:ja" value=""' in page
    assert 'placeholder="Report exported"' in page
    said = {
        "events:report_exported:ja": "帳票の  出力", "events:report_exported:en": "",
        "events:login:ja": "", "events:login:en": "", "products:sora-desk:ja": "ソラデスク", "products:sora-desk:en": "Sora Desk",
    }  # fmt: skip
    assert client.post("/setup/names/", said).status_code == 302
    names = get_names()
    assert event_title(names, "report_exported").en == "帳票の 出力", "one name serves both languages"
    assert event_title(names, "login").ja == "Login", "emptied: made readable again"
    assert event_title(names, "Signed In").ja == "ログイン", "what was not on the page is left alone"
    assert product_title(names, "sora-desk").en == "Sora Desk"
    assert list_versions("names", "default").count() == 1
    assert 'value="ソラデスク"' in client.get("/setup/names/").content.decode()


def test_only_leaders_name(world: World, sign_in: SignIn) -> None:
    for name in ("takahashi", "ito", "watanabe"):
        assert sign_in(name).get("/setup/names/").status_code == 403
        assert sign_in(name).post("/setup/names/", {}).status_code == 403
