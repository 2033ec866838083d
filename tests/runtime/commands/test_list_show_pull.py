import json
import os
import re
import subprocess
import sys

import pytest
from msgspec.structs import replace

from runtime.columns import display_width, fitted
from tests.support import catalogue, models
from tests.support.hubs import gguf_family, runtime


@pytest.fixture
def manifest(tmp_path):
    return str(catalogue.write(catalogue.everything(), tmp_path))


def names(manifest, *options):
    done = runtime("list", "--manifest", manifest, "--format", "json", *options)
    assert done.returncode == 0, done.stderr
    return [family["name"] for family in json.loads(done.stdout)["families"]]


def test_list(manifest):
    done = runtime("list", "--manifest", manifest)
    rows = done.stdout.splitlines()
    assert rows[0].split() == ["NAME", "SIZES", "(B)", "FORMATS", "ENGINES", "ABILITIES"]
    assert "0.135" in rows[2]
    assert "old-name (deprecated)" in rows[3]


@pytest.mark.parametrize(("options", "expected"), [
    (["SEED"], ["seed-oss"]), (["--model-engine", "LLAMA.cpp"], ["seed-oss", "smollm2"]),
    (["--model-format", "awq"], ["seed-oss"]), (["--hub", "pypi"], ["smollm2"]),
    (["--ability", "vision"], []),
])
def test_list_filters(manifest, options, expected):
    assert names(manifest, *options) == expected


def test_list_says_when_nothing_fits(manifest):
    assert "none of the 3 families fits" in runtime("list", "zzz", "--manifest", manifest).stdout


@pytest.mark.parametrize(("options", "said"), [
    (["--hub", "hugingface"], "did you mean huggingface?"), (["--hub", "foo"], "pypi"),
    (["--ability", "visoin"], "did you mean vision?"),
    (["--model-engine", "lama.cpp"], "did you mean llama.cpp?"),
    (["--model-format", "gguf2"], "did you mean ggufv2?"),
])
def test_a_value_that_does_not_exist_is_misuse(manifest, options, said):
    done = runtime("list", "--manifest", manifest, *options)
    assert done.returncode == 2
    assert not done.stdout
    assert said in done.stderr


def test_the_abilities_are_those_of_the_schema():
    from compiler.schema import files
    from runtime.abilities import KNOWN

    schema = files.load("family")["properties"]["abilities"]["items"]["enum"]
    assert list(KNOWN) == schema


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_table_fits_a_terminal(width):
    rows = [[["a-family-with-a-long-name"], ["0.6", "1.7", "4", "8"], ["pytorch", "ggufv2"],
             ["Transformers", "vLLM", "llama.cpp", "MLX"], ["chat", "reasoning", "tools"]],
            [["千问"], ["7"], ["awq"], ["vLLM"], ["chat"]]]
    heads = ["NAME", "SIZES (B)", "FORMATS", "ENGINES", "ABILITIES"]
    lines, cut = fitted(heads, rows, width)
    assert cut
    assert max(map(display_width, lines)) <= width
    assert lines[1].startswith("a-family-with-a-long-name  " if width >= 80 else "a-family-")
    assert re.search(r"vLLM|\+[34]", lines[1])
    assert display_width(lines[2][:lines[2].index("7")]) == lines[0].index("SIZES")


def test_a_pipe_gets_everything(manifest):
    text = runtime("list", "--manifest", manifest).stdout
    assert " +" not in text
    assert fitted(["A"], [[["x" * 200]]]) == (["A", "x" * 200], False)


def test_list_starts_fast(manifest):
    """In processor time, beside bare Python on the same machine at the same time."""
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or every start compiles everything

    def seconds(*command):
        process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL,
                                   env=environment)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return used.ru_utime + used.ru_stime

    bare, listing = [], []
    for _ in range(10):
        bare.append(seconds("-c", "import argparse, json"))
        listing.append(seconds("-m", "runtime.cli", "list", "--manifest", manifest))
    assert min(listing) < 6 * min(bare)


def test_show(manifest):
    plain = runtime("show", "seed-oss", "--manifest", manifest).stdout
    gptq = plain[plain.index("gptq, size 36"):plain.index("awq, size 36")].splitlines()
    assert [line for line in gptq if "engine" in line] == [
        "  engine vLLM (Int8, Int4)", "  engine Transformers"]
    assert "since 2026-01-02" in plain
    assert "refused" not in plain
    resolved = runtime("show", "SEED-oss", "--resolved", "--manifest", manifest).stdout
    assert ("BF16/Seed-OSS-36B-Instruct-BF16-00001-of-00002.gguf, "
            "BF16/Seed-OSS-36B-Instruct-BF16-00002-of-00002.gguf") in resolved
    why = runtime("show", "seed-oss", "--why", "--manifest", manifest).stdout
    assert "refused: vLLM Int3:" in why
    assert "[MB302]" in why


def test_show_json(manifest):
    found = json.loads(
        runtime("show", "seed-oss", "--why", "--format", "json", "--manifest", manifest).stdout)
    ids = [c["id"] for c in found["combinations"]]
    assert "seed-oss/36/ggufv2/Q4_K_M/llama.cpp" in ids
    assert "seed-oss/36/gptq/Int3/vLLM" in [c["id"] for c in found["refused"]]
    assert not set(ids) & {c["id"] for c in found["refused"]}


def test_show_an_unknown_name(manifest):
    done = runtime("show", "seed-os", "--manifest", manifest)
    assert done.returncode == 2
    assert "did you mean seed-oss" in done.stderr


def test_without_a_manifest(tmp_path):
    done = runtime("list", "--manifest", str(tmp_path / "no.json"))
    assert done.returncode == 2
    assert "compiler build" in done.stderr


def test_the_environment_names_the_manifest(manifest):
    done = runtime("list", MODELBOOK_MANIFEST=manifest)
    assert "seed-oss" in done.stdout


def test_pull_prints_the_path_and_a_plan(hub, home, tmp_path):
    hub.add("o/tiny", {"tiny-Q4_K_M.gguf": models.gguf()})
    command = ("pull", "-n", "tiny", "--manifest",
               str(catalogue.write(catalogue.manifest(gguf_family()), tmp_path)))
    plan = runtime(*command, "--dry-run")
    assert "tiny-Q4_K_M.gguf" in plan.stdout
    assert "not yet" in plan.stdout
    assert not hub.seen
    assert not home.exists()
    done = runtime(*command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("/tiny-Q4_K_M.gguf")
    assert "verified" in done.stderr
    quiet = runtime(*command, "--quiet")
    assert quiet.stderr == ""
    found = json.loads(runtime(*command, "--format", "json").stdout)
    assert found["path"] == done.stdout.strip()
    assert found["files"][0]["digest"].startswith("sha256:")
    assert done.stdout.strip() in runtime(*command, "--dry-run").stdout


def test_an_error_as_json(manifest):
    done = runtime("pull", "-n", "seed-os", "--format", "json", "--manifest", manifest)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "no-such-model"


def test_a_truncated_model_path_has_one_clear_message(tmp_path, manifest):
    path = tmp_path / "cut.gguf"
    path.write_bytes(models.gguf()[:-10])
    done = runtime("pull", "-n", "smollm2", "--model-path", str(path), "--manifest", manifest)
    assert done.returncode == 1
    assert f"{path} is truncated" in done.stderr
    assert done.stderr.count("error[") == 1


def test_nothing_of_a_manifest_steers_the_terminal(tmp_path):
    hostile = "\x1b]0;pwn\x07\u202e"
    family, every = of_hostile_texts(hostile)
    manifest = str(catalogue.write(every, tmp_path))
    chosen = ("-n", family.name, "-s", "1_8", "--manifest", manifest)
    for words in (["list", "--manifest", manifest], ["show", family.name, "--manifest", manifest],
                  ["show", family.name, "--why", "--resolved", "--manifest", manifest],
                  ["pull", "--dry-run", *chosen]):
        done = runtime(*words, MODELBOOK_HOME=str(tmp_path / "home"))
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert not set("\x1b\x07\u202e") & set(said), words
        if words[0] != "list":
            assert "\\x1b]0;pwn\\x07\\u202e" in said


def of_hostile_texts(hostile):
    every = catalogue.everything()
    family = every.families[-1]
    [hub] = family.specs[0].hubs
    spec = replace(family.specs[0], hubs=[replace(hub, revision=f"r{hostile}")])
    family = replace(family, description=hostile, specs=[spec, *family.specs[1:]],
                     deprecated=replace(family.deprecated, reason=hostile))
    return family, catalogue.manifest(*every.families[:-1], family)
