"""A page as PDF, drawn by WeasyPrint from a template of our own. Nothing is fetched while drawing."""

from __future__ import annotations

import ctypes
import ctypes.util
import re

from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

FONTS = "fontconfig fonts-noto-cjk"
PACKAGES = f"libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 {FONTS}"
_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


def to_pdf(html: str) -> bytes:
    """The document as bytes; its language is that of its ``html`` element.

    Raises:
        EnishiError: ``pdf_needs_pango`` where the libraries WeasyPrint draws with are missing on the machine;
            ``pdf_needs_fonts`` where the document holds Japanese and no font for it is there: boxes are no report.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        raise lacks_library(error) from error
    if _JAPANESE.search(html) and not fonts_for("ja"):
        raise lacks_fonts()
    nowhere = URLFetcher(allowed_protocols=["data"], allow_redirects=False)
    document = HTML(string=html, url_fetcher=nowhere, base_url=None, encoding="utf-8")
    written: bytes = document.write_pdf()
    return written


def lacks_library(error: Exception) -> EnishiError:
    """What is missing, and how to bring it."""
    return EnishiError(
        "pdf_needs_pango",
        Text(
            f"PDF cannot be drawn on this machine: the library Pango is missing ({error}).",
            f"このサーバーではPDFを作成できません。ライブラリPangoがありません({error})。",
        ),
        Text(
            f"Ask whoever runs the server to install it: sudo apt-get install {PACKAGES}. Until then, print the page from the browser.",
            f"サーバーの管理者に、次のインストールをご依頼ください:sudo apt-get install {PACKAGES}。それまではブラウザの印刷機能をご利用ください。",
        ),
    )


def fonts_for(language: str) -> bool:
    """Whether fontconfig, which WeasyPrint asks, knows a font that covers a language; True where it cannot be asked."""
    name = ctypes.util.find_library("fontconfig")
    if name is None:
        return True
    library = ctypes.CDLL(name)
    for call in ("FcNameParse", "FcObjectSetCreate", "FcFontList"):
        getattr(library, call).restype = ctypes.c_void_p
    pattern = ctypes.c_void_p(library.FcNameParse(f":lang={language}".encode()))
    wanted = ctypes.c_void_p(library.FcObjectSetCreate())
    found = library.FcFontList(None, pattern, wanted)
    count = ctypes.c_int.from_address(found).value if found else 0
    if found:
        library.FcFontSetDestroy(ctypes.c_void_p(found))
    library.FcObjectSetDestroy(wanted)
    library.FcPatternDestroy(pattern)
    return count > 0


def lacks_fonts() -> EnishiError:
    """No font on this machine draws Japanese."""
    return EnishiError(
        "pdf_needs_fonts",
        Text(
            "The PDF holds Japanese, and no font on this machine can draw it.",
            "このサーバーに日本語フォントがないため、PDFを作成できません。",
        ),
        Text(
            f"Ask whoever runs the server to install one: sudo apt-get install {FONTS}. Until then, print the page from the browser.",
            f"サーバーの管理者に、次のインストールをご依頼ください:sudo apt-get install {FONTS}。それまではブラウザの印刷機能をご利用ください。",
        ),
    )
