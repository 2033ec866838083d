"""The scheduled workflow: its steps run as the service would run them, against a hub on loopback.

`gh` alone is replaced: it would write to a real repository. What it is called with is noted.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.cli import main
from tests.compiler.lock import catalogue
from tests.support import models
from tests.support.hubs import home, hub  # noqa: F401 - fixtures
from tests.support.hubserver import HubServer
from tests.support.project import ROOT

WORKFLOW = ROOT / ".github/workflows/freshness.yml"


def workflow() -> Any:
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))


def test_it_may_read_the_code_and_write_issues_and_no_more() -> None:
    found = workflow()
    assert found["permissions"] == {"contents": "read", "issues": "write"}
    [job] = found["jobs"].values()
    assert "permissions" not in job
    assert job["timeout-minutes"] <= 60
    on = found[True]  # YAML 1.1 reads `on` so
    assert set(on) == {"schedule", "workflow_dispatch"}
    [schedule] = on["schedule"]
    assert re.fullmatch(r"\d{1,2} \d{1,2} \* \* \d", schedule["cron"])


def test_what_it_installs_and_calls_exists() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"]
    [job] = workflow()["jobs"].values()
    install = next(step["run"] for step in job["steps"] if "pip install" in step.get("run", ""))
    match = re.search(r"\.\[([a-z,]+)\]", install)
    assert match is not None
    assert set(match[1].split(",")) <= set(extras)


class Job:
    """Runs the steps that are shell."""

    def __init__(self, folder: Path, specs: Path) -> None:
        self.folder, self.calls = folder, folder / "gh.jsonl"
        programs = folder / "bin"
        programs.mkdir()
        self._program(programs / "compiler", 'exec "{python}" -m compiler.cli "$@"')
        self._program(programs / "python", 'exec "{python}" "$@"')
        self._program(programs / "gh", 'exec "{python}" "{folder}/gh.py" "$@"')
        (folder / "gh.py").write_text(
            "import json, pathlib, sys\n"
            f"log = pathlib.Path({str(self.calls)!r})\n"
            "body = sys.argv[sys.argv.index('--body-file') + 1] if '--body-file' in sys.argv "
            "else None\n"
            "text = pathlib.Path(body).read_text() if body else None\n"
            "log.open('a').write(json.dumps([sys.argv[1:], text]) + '\\n')\n"
            f"issue = pathlib.Path({str(folder / 'issue')!r})\n"
            "if sys.argv[1:3] == ['issue', 'list'] and issue.exists(): print(7)\n"
            "if sys.argv[1:3] == ['issue', 'create']: issue.touch()\n"
            "if sys.argv[1:3] == ['issue', 'close']: issue.unlink()\n")
        self.specs = specs
        self.outputs = folder / "outputs"
        self.environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}",
                            "GITHUB_OUTPUT": str(self.outputs)}

    def _program(self, path: Path, line: str) -> None:
        text = line.format(python=sys.executable, folder=self.folder)
        path.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" {text}\n')
        path.chmod(0o755)

    def run(self) -> list[tuple[list[str], str | None]]:
        """Both steps; what `gh` was called with, and the text that it was given."""
        self.calls.write_text("")
        self.outputs.write_text("")
        self._step("Ask the hubs")
        self._step("Keep the issue")
        return [tuple(json.loads(line)) for line in self.calls.read_text().splitlines()]

    def called(self) -> list[list[str]]:
        """What `gh` was called with in the last run."""
        return [json.loads(line)[0] for line in self.calls.read_text().splitlines()]

    def _step(self, name: str) -> None:
        [job] = workflow()["jobs"].values()
        [step] = [step for step in job["steps"] if step.get("name") == name]
        assert "${{" not in step["run"], "contexts must reach the shell as variables only"
        known = {"runner.temp": str(self.folder), "github.token": "secret",
                 "github.repository": "org/catalogue", "github.run_id": "1",
                 "github.server_url": "https://github.example",
                 **{f"steps.hubs.outputs.{key}": value for key, value in (
                     line.split("=", 1) for line in self.outputs.read_text().splitlines())}}
        environment = {key: re.sub(r"\$\{\{ ([a-z_.]+) \}\}", lambda match: known[match[1]], text)
                       for key, text in step["env"].items()}
        subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                       cwd=self.specs.parent, env=self.environment | environment, check=True,
                       text=True, capture_output=True, timeout=120)


@pytest.fixture
def job(tmp_path: Path, hub: HubServer) -> Job:  # noqa: F811 - the fixture
    catalogue.serve(hub)
    specs = catalogue.specs_folder(tmp_path)
    assert main(["lock", "--specs", str(specs), "--quiet"]) == 0
    (tmp_path / "job").mkdir()
    return Job(tmp_path / "job", specs)


def test_one_issue_follows_what_the_hubs_do(
    job: Job, hub: HubServer, monkeypatch: pytest.MonkeyPatch,  # noqa: F811 - the fixture
) -> None:
    def verbs() -> list[str]:
        return [" ".join(words[:2]) for words, _ in job.run()]

    assert verbs() == ["issue list"]
    hub.repositories["org/demo-GGUF"].files["demo-Q6_K.gguf"] = models.gguf()
    hub.repositories["org/demo"].card = {"license": "mit\n```\n@everybody"}

    calls = job.run()

    assert [" ".join(words[:2]) for words, _ in calls] == [
        "issue list", "label create", "issue create"]
    body = calls[-1][1]
    assert body is not None
    told = [line for line in body.split("\n") if "has the new demo-Q6_K.gguf" in line]
    assert told == ["    demo: huggingface:org/demo-GGUF has the new demo-Q6_K.gguf"]
    # What a hub says cannot leave the indented block.
    assert all(line.startswith("    ") for line in body.split("\n")
               if "everybody" in line or "```" in line)
    assert "everybody" in body

    assert verbs() == ["issue list", "issue edit"]
    # A hub that does not answer is no news: the run fails, and the issue is left alone.
    with monkeypatch.context() as patch:
        patch.setitem(job.environment, "HF_ENDPOINT", "http://127.0.0.1:9")
        with pytest.raises(subprocess.CalledProcessError) as caught:
            job.run()
        assert "::error::3 sources could not be asked" in caught.value.stdout
        assert [words[1] for words in job.called()] == ["list"]
    assert main(["lock", "--specs", str(job.specs), "--quiet"]) == 0
    assert verbs() == ["issue list", "issue close"]
