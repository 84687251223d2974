"""Where the sample company's generator is: beside a checkout, or packed with the wheel."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import enishi
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

PACKED = "enishi_sample_company"


def find_sample(module: str) -> ModuleType:
    """One module of the generator, for example ``load``."""
    if find_spec(PACKED) is not None:
        return import_module(f"{PACKED}.{module}")
    root = Path(enishi.__file__).resolve().parents[2]
    if not (root / "examples" / "sample_company").is_dir():
        raise EnishiError(
            "no_sample",
            Text(
                "This installation came without the sample company.",
                "この環境にはサンプル企業が含まれていません。",
            ),
            Text(
                "Import your own files with `enishi import`, or install from the source.",
                "`enishi import` でお手元のデータを取り込むか、ソースからインストールしてください。",
            ),
        )
    if str(root) not in sys.path:
        sys.path.append(str(root))
    return import_module(f"examples.sample_company.{module}")
