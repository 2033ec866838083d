"""Every reporter on the same findings, with text that tries to break each format."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from compiler import report
from compiler.catalogue import Catalogue
from compiler.finding import Finding, Related, Severity, Span
from compiler.report.excerpt import WIDTH, excerpt, width
from compiler.review import Review

HOSTILE = "100%: a,b\r\n::error::x\x1b[31m <&\"'>\x00]]>"
FILE = "specs/families/a b,c%:d.yaml"


def review(*findings: Finding, texts: dict[str, str] | None = None, strict: bool = False,
           checked: tuple[str, ...] = (FILE,)) -> Review:
    return Review(list(findings), list(checked), texts or {}, Catalogue(), strict)


def finding(**changes: object) -> Finding:
    values: dict[str, object] = {
        "file": FILE, "span": Span(2, 4, 2, 7), "severity": Severity.ERROR, "code": "MB101",
        "message": "expected text, got 8", "hint": "quote it", "path": "a.b"}
    return Finding(**(values | changes))  # type: ignore[arg-type]


def test_text_shows_place_excerpt_hint_and_related() -> None:
    one = finding(related=(Related(FILE, Span(1, 1, 1, 2), "first here"),))
    out = report.render("text", review(one, texts={FILE: "x: 1\na: 888 # c\n"}))
    assert out.splitlines() == [
        f"{FILE}:2:4: error[MB101]: expected text, got 8",
        " 2 | a: 888 # c",
        "   |    ^~~",
        "   = help: quote it",
        f"   = {FILE}:1:1: first here",
        " 1 | x: 1",
        "   | ^",
        "",
        "1 file checked, 1 error, 0 warnings",
    ]


def test_text_is_coloured_only_on_request() -> None:
    assert "\x1b[" not in report.render("text", review(finding()))
    assert "\x1b[" in report.render("text", review(finding()), colour=True)


def test_text_steers_no_terminal() -> None:
    one = finding(message=HOSTILE, hint=HOSTILE)
    out = report.render("text", review(one, texts={FILE: f"x\n{HOSTILE}\n"}))
    assert "\x1b" not in out
    assert "\x00" not in out
    assert "\r" not in out


@pytest.mark.parametrize(("line", "start", "end", "shown", "underline"), [
    ("a: 888", 4, 7, "a: 888", "   ^~~"),
    ("名: 千问 x", 4, 6, "名: 千问 x", "    ^~~~"),
    ("名: 千问 x", 7, 8, "名: 千问 x", "         ^"),
    ("e\u0301: x", 5, 6, "e\u0301: x", "   ^"),
    ("a:\tb", 4, 5, "a:    b", "      ^"),
    ("🚀🚀 x", 4, 5, "🚀🚀 x", "     ^"),
    ("abc", 4, 4, "abc", "   ^"),
    ("abc", 99, 120, "abc", "   ^"),
    ("", 1, 1, "", "^"),
    ("a\x1bb", 2, 3, "a\ufffdb", " ^"),
])
def test_excerpts_underline_what_is_meant(
    line: str, start: int, end: int, shown: str, underline: str,
) -> None:
    assert excerpt(line + "\n", Span(1, start, 1, end)) == (shown, underline)


@pytest.mark.parametrize("at", [1, 90, 101, 150, 5000, 99_990])
@pytest.mark.parametrize("char", ["x", "书"])
def test_long_lines_are_cut_around_the_place(at: int, char: str) -> None:
    line = char * (at - 1) + "HERE" + char * (100_000 - at)
    found = excerpt(line, Span(1, at, 1, at + 4))
    assert found is not None
    shown, underline = found
    assert width(shown) <= WIDTH + 2
    offset = width(underline.split("^")[0])
    cells = "".join(c * width(c) for c in shown)
    assert cells[offset:offset + 4] == "HERE"
    assert underline.endswith("^~~~")


def test_spans_over_several_lines_are_underlined_to_the_end_of_the_first() -> None:
    assert excerpt("a: |\n  x\n", Span(1, 4, 2, 4)) == ("a: |", "   ^")
    assert excerpt("a: 'xy\n  z'\n", Span(1, 4, 2, 5)) == ("a: 'xy", "   ^~~")
    assert excerpt("a\n", Span(9, 1, 9, 2)) is None


def test_json_holds_everything() -> None:
    one = finding(message=HOSTILE, related=(Related("g", Span(1, 2, 3, 4), "there"),))
    data = json.loads(report.render("json", review(one, finding(severity=Severity.WARNING))))
    assert data["findings"][0] == {
        "file": FILE, "line": 2, "column": 4, "end_line": 2, "end_column": 7, "severity": "error",
        "code": "MB101", "message": HOSTILE, "hint": "quote it", "path": "a.b",
        "related": [{"file": "g", "line": 1, "column": 2, "end_line": 3, "end_column": 4,
                     "message": "there"}]}
    assert (data["files"], data["errors"], data["warnings"], data["failed"]) == (1, 1, 1, True)


def unescape(text: str) -> str:
    """As the runner does it."""
    for escaped, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, char)
    return text


def test_github_commands_are_one_line_each_and_say_the_same() -> None:
    out = report.render("github", review(
        finding(message=HOSTILE), finding(severity=Severity.WARNING),
        finding(severity=Severity.INFO, span=Span(2, 1, 5, 3))))
    lines = out.split("\n")
    assert [line.split(" ")[0] for line in lines[:3]] == ["::error", "::warning", "::notice"]
    assert len([line for line in lines if line.startswith("::")]) == 3
    match = re.match(r"::error ([^:]*)::(.*)\Z", lines[0], re.DOTALL)
    assert match is not None
    properties = dict(item.split("=", 1) for item in match[1].split(","))
    assert unescape(properties["file"]) == FILE
    assert {name: value for name, value in properties.items() if name != "file"} == {
        "line": "2", "endLine": "2", "col": "4", "endColumn": "6", "title": "MB101"}
    assert unescape(match[2]) == f"{HOSTILE}\nhelp: quote it"
    assert "col=" not in lines[2]


def test_junit_is_xml_with_a_case_for_each_file() -> None:
    out = report.render("junit", review(
        finding(message=HOSTILE, hint=HOSTILE), finding(severity=Severity.WARNING),
        checked=(FILE, "clean.yaml")))
    suite = ElementTree.fromstring(out).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert set(cases) == {FILE, "clean.yaml"}
    (failure,) = cases[FILE].findall("failure")
    assert failure.get("type") == "MB101"
    assert "warning[MB101]" in (cases[FILE].findtext("system-out") or "")
    assert not list(cases["clean.yaml"])


def test_junit_counts_warnings_when_strict() -> None:
    out = report.render("junit", review(finding(severity=Severity.WARNING), strict=True))
    assert 'failures="1"' in out


def test_sarif_is_what_code_scanning_reads() -> None:
    texts = {FILE: "x\na: 888\na: 888\n"}
    log = json.loads(report.render("sarif", review(
        finding(related=(Related("g.yaml", Span(1, 1, 1, 2), "there"),)),
        finding(span=Span(3, 4, 3, 7)), finding(code="MB007", severity=Severity.WARNING),
        finding(code="MB999", severity=Severity.INFO), texts=texts)))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert ids == ["MB007", "MB101", "MB999"]
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"][:2])
    assert run["columnKind"] == "unicodeCodePoints"
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        location = result["locations"][0]["physicalLocation"]
        uri = location["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri)
        region = location["region"]
        assert (region["startLine"], region["startColumn"]) >= (1, 1)
        assert (region["endLine"], region["endColumn"]) >= (
            region["startLine"], region["startColumn"])
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    related = run["results"][0]["relatedLocations"][0]
    assert related["message"]["text"] == "there"
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "g.yaml"


def test_sarif_fingerprints_move_with_the_line() -> None:
    def fingerprint(text: str, line: int) -> str:
        log = json.loads(report.render("sarif", review(
            finding(span=Span(line, 4, line, 7)), texts={FILE: text})))
        found: str = log["runs"][0]["results"][0]["partialFingerprints"]["primaryLocationLineHash"]
        return found

    assert fingerprint("a: 888\n", 1) == fingerprint("# new\n\na: 888\n", 3)
    assert fingerprint("a: 888\n", 1) != fingerprint("a: 889\n", 1)


@pytest.mark.parametrize("name", report.names())
def test_no_findings(name: str) -> None:
    assert report.render(name, review())


@pytest.mark.parametrize("name", report.names())
def test_the_same_bytes_each_time(name: str, tmp_path: Path) -> None:
    one = review(finding(), finding(code="MB007"))
    assert report.render(name, one) == report.render(name, one)
