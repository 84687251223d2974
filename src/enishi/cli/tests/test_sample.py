"""Where the sample company's generator is found."""

from pathlib import Path

import pytest

from enishi.cli import sample
from enishi.kit.errors import EnishiError


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed copy of the generator, made at some earlier time."""
    copy = tmp_path / "packed_sample"
    copy.mkdir()
    (copy / "__init__.py").touch()
    (copy / "plan.py").write_text("OLD = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sample, "PACKED", copy.name)


@pytest.mark.usefixtures("packed")
def test_a_checkouts_own_generator_comes_before_the_copy_packed_when_it_was_installed() -> None:
    assert sample.find_sample("people").__name__ == "examples.sample_company.people"


@pytest.mark.usefixtures("packed")
def test_away_from_a_checkout_the_packed_copy_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample.enishi, "__file__", str(tmp_path / "lib" / "site" / "enishi" / "__init__.py"))
    assert sample.find_sample("plan").OLD
    monkeypatch.setattr(sample, "PACKED", "nowhere_to_be_found")
    with pytest.raises(EnishiError, match="without the sample company"):
        sample.find_sample("plan")
