"""Files that nobody means where a manifest belongs: no traceback, and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.cli import main
from tests.support.specs import manifest_bytes

DEEP = b"[" * 200_000


@pytest.mark.parametrize("content", [
    DEEP, b'{"format": ' + DEEP, b"", b"\xff\xfe", b"[]", b"null",
    manifest_bytes().replace(b'"families"', b'"odd": ' + b"[" * 5_000 + b"]" * 5_000
                             + b', "families"', 1)],
    ids=["deep", "deep-within", "empty", "no-text", "list", "null", "deep-unknown"])
def test_what_is_no_manifest_is_refused_in_words(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    assert main(["list", "--manifest", str(path), "--format", "json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "manifest-invalid"
    assert error["hint"]


def test_an_empty_path_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--manifest", ""]) == 2
    assert "argument --manifest: an empty path" in capsys.readouterr().err
