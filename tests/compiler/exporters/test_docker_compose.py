"""The Compose file: what an engine's own image can serve, told as the launcher tells it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from compiler.cli import main
from runtime import lockfile
from runtime.engines import engine_module
from runtime.engines.base import LocalModel, Runner, ServeOptions
from runtime.lockfile import Lock, LockedSource, Provenance
from runtime.manifest import LockedFile
from tests.support.yaml_specs import FAMILY

if TYPE_CHECKING:
    from runtime.manifest import Family

REPOSITORY = Path(__file__).parents[3]
SCHEMA = Path(__file__).with_name("schemas") / "compose-spec.json"


def exported(specs: Path, tmp_path: Path) -> Any:
    out = tmp_path / "compose.yaml"
    assert main(["export", "docker-compose", "--specs", str(specs), "--out", str(out)]) == 0
    return yaml.safe_load(out.read_text(encoding="utf-8"))  # as any YAML program would


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return exported(REPOSITORY / "specs", tmp_path_factory.mktemp("compose"))


def services(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "specs/families/demo.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return exported(tmp_path / "specs", tmp_path)["services"]


def test_nothing_starts_by_itself_and_only_on_loopback(shipped: Any) -> None:
    assert set(shipped) == {"services", "volumes"}
    for name, service in shipped["services"].items():
        assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", name)  # what Compose takes
        assert service["profiles"] == [name]
        assert service["ports"] == ["127.0.0.1:${PORT:-8000}:8000"]
        assert all(isinstance(word, str) for word in service["command"])


def test_the_published_schema_accepts_it(shipped: Any) -> None:
    schema = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert not [error.message for error in schema.iter_errors(shipped)]
    broken = {**shipped, "services": {"x": {"image": "y", "profile": ["x"]}}}
    assert not schema.is_valid(broken)


def compose() -> list[str] | None:
    """Docker Compose, as either program that it comes as; no daemon is needed to read a file."""
    for words in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(words[0]) and not subprocess.run(
                [*words, "version"], capture_output=True, check=False).returncode:
            return words
    return None


def test_compose_itself_reads_it(shipped: Any, tmp_path: Path) -> None:
    program = compose()
    if program is None:
        pytest.skip("Docker Compose is not installed")
    file = tmp_path / "compose.yaml"
    file.write_text(yaml.safe_dump(shipped), encoding="utf-8")
    names = sorted(shipped["services"])
    gpu = next(name for name in names if name.endswith("vLLM"))
    cpu = next(name for name in names if name.endswith("llama.cpp"))

    def read(*profiles: str) -> Any:
        chosen = [word for profile in profiles for word in ("--profile", profile)]
        done = subprocess.run([*program, "-f", str(file), *chosen, "config", "--format", "json"],
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout).get("services") or {}

    assert not read()
    assert sorted(read("*")) == names
    both = read(gpu, cpu)
    assert sorted(both) == sorted([gpu, cpu])
    for name, service in both.items():
        assert [word.replace("$$", "$") for word in service["command"]] == [
            word.replace("$$", "$") for word in shipped["services"][name]["command"]]
        assert (service["ports"][0]["published"], service["ports"][0]["host_ip"]) == (
            "8000", "127.0.0.1")
    devices = both[gpu]["deploy"]["resources"]["reservations"]["devices"]
    assert [device["capabilities"] for device in devices] == [["gpu"]]


def test_what_the_images_cannot_do_is_left_out(shipped: Any) -> None:
    names = shipped["services"].keys()
    assert "seed-oss-36-pytorch-none-vLLM" in names
    assert "seed-oss-36-ggufv2-Q4_K_M-llama.cpp" in names
    assert "seed-oss-36-ggufv2-BF16-llama.cpp" not in names  # in two parts
    assert "smollm2-0_135-ggufv2-Q4_1-llama.cpp" not in names  # on the package index only
    assert not [name for name in names if "ggufv2" in name and name.endswith("vLLM")]  # a plugin
    assert {service["image"].split(":-")[1].split(":")[0]
            for service in shipped["services"].values()} == {
        "vllm/vllm-openai", "ghcr.io/ggml-org/llama.cpp"}


def test_vllm_is_told_what_launch_tells_it(shipped: Any, shipped_families: dict[str, Family]
                                           ) -> None:
    """The two are written apart, since the compiler knows no engine's module."""
    facts = json.loads(
        (REPOSITORY / "specs/engines/facts/vllm-0.32.0.json").read_text(encoding="utf-8"))
    runner = Runner(provider="vllm", executable=Path("/bin/vllm"))
    compared = 0
    for name, service in shipped["services"].items():
        if not name.endswith("-pytorch-none-vLLM"):
            continue
        command = service["command"]
        assert {word for word in command if word.startswith("--")} <= set(facts["flags"])
        family = shipped_families[command[command.index("--served-model-name") + 1]]
        launched = engine_module("vLLM").serve_command(
            runner, LocalModel(folder=Path("/m"), model_format="pytorch"), ServeOptions(
                port=8000, name=family.name, cache=Path("/c"),
                tool_parser=family.tool_parser.get("vLLM"),
                reasoning_parser=family.reasoning_parser.get("vLLM"))).argv
        rest = launched[launched.index("--served-model-name"):]
        del rest[rest.index("--host"):rest.index("--port") + 2]
        assert command[command.index("--served-model-name"):] == rest
        assert not command[0].startswith("-")  # `vllm serve` takes the model first
        compared += 1
    assert compared > 40


@pytest.fixture(scope="module")
def shipped_families() -> dict[str, Family]:
    from tests.support.specs import shipped_manifest

    return {family.name: family for family in shipped_manifest().families}


def test_a_revision_is_told_where_the_server_can_be_told_one(tmp_path: Path) -> None:
    found = services(tmp_path, FAMILY.replace(
        "    hubs:", f"    revision: {'a' * 40}\n    hubs:"))
    command = found["demo-1_8-pytorch-none-vLLM"]["command"]
    assert command[:3] == ["org/demo-1.8B", "--revision", "a" * 40]


@pytest.mark.parametrize("stated", [None, "main"])
def test_the_locked_commit_is_served(tmp_path: Path, stated: str | None) -> None:
    """What `runtime launch` fetches, and not what the branch holds by then."""
    commit = "c" * 40
    path = tmp_path / "specs/locks/demo.lock.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(lockfile.encode(Lock(
        format=lockfile.FORMAT, format_version=lockfile.FORMAT_VERSION, family="demo", sources=[
            LockedSource(hub="huggingface", repo_id="org/demo-1.8B", revision=stated, commit=commit,
                         provenance=Provenance(time="2026-11-25T00:00:00Z"),
                         files=[LockedFile(path=name, size=9, sha256="0" * 64)
                                for name in ("config.json", "model.safetensors")])])))
    found = services(tmp_path, FAMILY if stated is None else FAMILY.replace(
        "    hubs:", f"    revision: {stated}\n    hubs:"))
    command = found["demo-1_8-pytorch-none-vLLM"]["command"]
    assert command[:3] == ["org/demo-1.8B", "--revision", commit]


def test_text_that_compose_would_replace_is_kept(tmp_path: Path) -> None:
    found = services(tmp_path, FAMILY.replace("name: demo", 'name: "demo${HOME}"'))
    (service,) = (service for service in found.values() if "vllm" in service["image"])
    assert "demo$${HOME}" in service["command"]


def test_a_catalogue_without_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "specs/families/demo.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(FAMILY.replace("huggingface", "modelscope"), encoding="utf-8")
    assert main(["export", "docker-compose", "--specs", str(tmp_path / "specs"),
                 "--out", str(tmp_path / "x.yaml")]) == 1
    assert "no combination can be served by an engine's own image" in capsys.readouterr().err
    assert not (tmp_path / "x.yaml").exists()
