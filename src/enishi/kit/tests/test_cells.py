"""No cell of ours becomes a formula, and what was guarded is read back as it was meant."""

import pytest

from enishi.kit.cells import as_meant, harmless


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+81", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", "'=1", "''=1"],
)
def test_a_formula_is_guarded_and_read_back(text: str) -> None:
    assert harmless(text) == "'" + text
    assert as_meant(harmless(text)) == text


@pytest.mark.parametrize("text", ["", "a=1", "'quoted'", "'", "株式会社", " =1"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text == as_meant(text)
