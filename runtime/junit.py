"""Verification records as JUnit XML, which build servers show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from runtime.records import Record

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(done: Sequence[Record]) -> str:
    """The records as one test suite: `failed` as failure, `environment` as error."""
    outcomes = [record.outcome for record in done]
    suite = ET.Element("testsuite", {
        "name": "modelbook.verify", "tests": str(len(done)),
        "failures": str(outcomes.count("failed")), "errors": str(outcomes.count("environment")),
        "skipped": str(outcomes.count("skipped"))})
    for record in done:
        case = ET.SubElement(suite, "testcase", {
            "classname": "modelbook.verify", "name": _text(record.combination)})
        kind = {"failed": "failure", "environment": "error", "skipped": "skipped"}.get(
            record.outcome)
        if kind is not None:
            ET.SubElement(case, kind, {"message": _text(record.reason)})
        if record.evidence is not None:
            output = ET.SubElement(case, "system-out")
            output.text = _text("\n".join(filter(None, (
                record.evidence.question, record.evidence.answer, record.evidence.key_line))))
    ET.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, "unicode") + "\n"


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
