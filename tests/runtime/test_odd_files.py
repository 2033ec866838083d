"""Files that nobody means where a manifest belongs: no traceback, and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.cli import main
from tests.support.specs import manifest_bytes

DEEP = b"[" * 200_000
#: Deep enough for a walk in Python to give up, and not for the JSON reader.
ODD = (b'{"digest": "", "engines": [], "families": [], "format": "modelbook.manifest", '
       b'"format_version": 1, "formats": [], "optional_fields": ["other"], "odd": '
       + b"[" * 700 + b"]" * 700 + b"}")


@pytest.mark.parametrize("content", [
    DEEP, b'{"format": ' + DEEP, b"", b"\xff\xfe", b"[]", b"null",
    manifest_bytes().replace(b'"families"', b'"odd": ' + b"[" * 5_000 + b"]" * 5_000
                             + b', "families"', 1),
    ODD, b'{"odd": ', b'{"odd": 1} 2', b'{"odd": \xff}'],
    ids=["deep", "deep-within", "empty", "no-text", "list", "null", "deep-unknown", "deep-optional",
         "cut", "two", "no-text-within"])
def test_what_is_no_manifest_is_refused_in_words(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    assert main(["list", "--manifest", str(path), "--format", "json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "manifest-invalid"
    assert error["hint"]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without an end")
def test_a_file_that_never_ends_is_not_read_to_its_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runtime.manifest._LONGEST", 1 << 20)
    assert main(["list", "--manifest", "/dev/zero"]) == 2
    assert "/dev/zero is larger than 1 MiB" in capsys.readouterr().err


def test_an_empty_path_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--manifest", ""]) == 2
    assert "argument --manifest: an empty path" in capsys.readouterr().err
