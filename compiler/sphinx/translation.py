"""The extension's own words in the language of the site.

`_` marks a text of the interface. It answers at once where Sphinx has set its language, else with a
text that is translated when it is used. Texts of specs are data and are never translated here.
"""

from __future__ import annotations

from sphinx.locale import get_translation

#: Name of the message catalogue: `locale/<language>/LC_MESSAGES/modelbook.po`.
DOMAIN = "modelbook"

_ = get_translation(DOMAIN)
