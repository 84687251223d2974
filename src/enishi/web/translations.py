"""Compile the .po files of a source checkout: ``python -m enishi.web.translations``."""

from __future__ import annotations

import os
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]


def compile_all(source: Path = SOURCE) -> list[Path]:
    """Write the .mo of every .po below ``source`` whose .mo is missing or older.

    Returns:
        The .mo files written.
    """
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    written = []
    for po in sorted(source.rglob("locale/*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as file:
            catalog = read_po(file, locale=po.parts[-3], abort_invalid=True)
        fresh = mo.with_suffix(f".{os.getpid()}")
        with fresh.open("wb") as file:
            write_mo(file, catalog)
        fresh.replace(mo)
        written.append(mo)
    return written


def main() -> None:
    for path in compile_all():
        print(path.relative_to(SOURCE))


if __name__ == "__main__":
    main()
