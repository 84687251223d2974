"""A page as PDF, drawn by WeasyPrint from a template of our own. Nothing is fetched while drawing."""

from __future__ import annotations

from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk"


def to_pdf(html: str, language: str) -> bytes:
    """The document as bytes.

    Raises:
        EnishiError: ``pdf_needs_pango`` where the libraries WeasyPrint draws with are missing on the machine.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        raise lacks_library(error) from error
    nowhere = URLFetcher(allowed_protocols=["data"], allow_redirects=False)
    document = HTML(string=html, url_fetcher=nowhere, base_url=None, encoding="utf-8")
    written: bytes = document.write_pdf(lang=language)
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
