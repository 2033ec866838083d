"""Ctrl-C while engines are installed and twins are built, and a log on a full disk."""

import json
import signal
import sys

import msgspec
import pytest

from runtime.manifest import Provider, encode
from runtime.process import End, Supervised
from tests.support.specs import shipped_manifest
from tests.support.stand_in import until

BOTH = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])


def with_engine(bench, requirement):
    """The manifest, where llama.cpp is installed from `requirement`."""
    manifest = shipped_manifest()
    provider = Provider(name="tiny", requirements=["tiny==1; python_version<'3'", requirement],
                        version_of="tiny", platforms=[sys.platform], accelerators=["cpu"])
    engines = [msgspec.structs.replace(each, providers=[provider]) if each.name == "llama.cpp"
               else each for each in manifest.engines]
    bench.manifest.write_bytes(encode(msgspec.structs.replace(manifest, engines=engines)))


@BOTH
def test_while_an_engine_is_installed(bench, number, code):
    package = bench.folder / "slow package"
    package.mkdir()
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "slow"\nbackend-path = ["."]\n')
    (package / "slow.py").write_text("import time\ntime.sleep(600)\n")
    with_engine(bench, f"slow @ {package.as_uri()}")
    process = bench.start("engines", "install", "llama.cpp")
    until(lambda: any("get_requires_for_build_wheel" in line for line in bench.survivors()), 60)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err
    assert [path.name for path in (bench.home / "engines" / "llama.cpp").iterdir()] == []
    bench.assert_nothing_left()
    assert "available" in bench.run("engines", "list").stdout


@BOTH
def test_while_a_twin_is_built(bench, number, code):
    stalled = bench.folder / "python"
    stalled.write_text("#!/bin/sh\nexec sleep 600 # a tool that gets nowhere\n")
    stalled.chmod(0o755)
    tool = bench.home / "engines" / "twin-tools" / "transformers-5.23.0"
    tool.mkdir(parents=True)
    (tool / "modelbook.json").write_text(json.dumps({
        "engine": "twin-tools", "provider": "transformers", "version": "5.23.0",
        "python": str(stalled), "folder": str(tool)}))
    out = bench.folder / "twin"
    process = bench.start("twin", "smollm2", "--model-format", "pytorch", "--out", str(out))
    until(lambda: any(line.startswith("sleep 600") for line in bench.survivors()))
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err
    bench.assert_nothing_left()
    assert json.loads((out / "twin.json").read_text())["builds"] == []


def test_an_engine_goes_on_when_its_log_is_on_a_full_disk(tmp_path):
    log = tmp_path / "log"
    log.symlink_to("/dev/full")
    code = "import sys\nfor _ in range(100): print('x' * 1000, flush=True)\nsys.exit(5)"
    with Supervised.start([sys.executable, "-c", code], log) as process:
        assert process.wait(20) == End(code=5)
