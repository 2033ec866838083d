"""Case 55b: raw HTML, includes and script links in a description are text."""

from __future__ import annotations

from tests.support.pages import body, compile_specs, family_yaml, field, html_of

TEXTS = {
    "raw": ".. raw:: html\n\n   <script>alert(1)</script>",
    "include": ".. include:: /etc/passwd",
    "literalinclude": "text\n\n.. literalinclude:: /etc/passwd",
    "link": "`x <javascript:alert(1)>`_ and javascript:alert(1)",
    "target": ".. _x: javascript:alert(1)\n\nx_",
    "role": ".. role:: raw-html(raw)\n   :format: html\n\n:raw-html:`<img onerror=alert(1)>`",
    "html": "</p></li><script src='https://example.org/x.js'></script>",
    "only": ".. only:: html\n\n   x",
    "toctree": ".. toctree::\n   :glob:\n\n   /**",
}


def test_it_is_shown_and_does_nothing(tmp_path):
    html = html_of(tmp_path, compile_specs(
        tmp_path, {name: family_yaml(name, text) for name, text in TEXTS.items()}))
    for name, text in TEXTS.items():
        page = html / f"{name}.html"
        assert field(page, "Description").strip() == text
        assert "root:" not in page.read_text(encoding="utf-8")
        main = body(page)
        assert not [element for tag in ("script", "img") for element in main.all(tag)]
        assert not [link for link in main.all("a")
                    if "script" in (link.attributes["href"] or "")]
