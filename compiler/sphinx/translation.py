"""The extension's own words in the language of the site.

`_` marks a text of the interface. It answers at once where Sphinx has set its language, else with a
text that is translated when it is used. Texts of specs are data and are never translated here.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.locale import get_translation

from runtime.storage import write_whole

#: Name of the message catalogue: `locale/<language>/LC_MESSAGES/modelbook.po`.
DOMAIN = "modelbook"

_ = get_translation(DOMAIN)

_LOCALE = Path(__file__).parent / "locale"


def register(app: Sphinx) -> None:
    """Tell Sphinx of our words; the binary form that it reads is made in the folder of doctrees."""
    folder = Path(app.doctreedir) / "modelbook-locale"
    for source in sorted(_LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        target = (folder / source.relative_to(_LOCALE)).with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            _compile(source, target)
    app.add_message_catalog(DOMAIN, str(folder))


def _compile(source: Path, target: Path) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as stream:
        messages = read_po(stream, locale=source.parent.parent.name, domain=DOMAIN)
    made = BytesIO()
    write_mo(made, messages)
    write_whole(target, made.getvalue())
