"""A template that matches nothing is an error before anything is downloaded or launched."""

from tests.support import catalogue, models
from tests.support.hubs import gguf_family, refusal, runtime


def test_the_nearest_names_are_in_the_message(hub):
    hub.add("o/tiny", {"tiny-q4_k_m.gguf": models.gguf(), "tiny-q8_0.gguf": models.gguf(),
                       "README.md": b"x"})
    error = refusal(gguf_family())
    assert error.code == "files-missing"
    assert "0 of 1 expected files" in error.message
    assert "tiny-Q4_K_M.gguf" in error.message
    assert "tiny-q4_k_m.gguf" in error.why
    assert hub.bytes_sent == 0


def test_one_part_of_two_is_missing(hub):
    hub.add("o/tiny", {"m-1.gguf": models.gguf()})
    error = refusal(gguf_family(split_file_template="m-{part}.gguf",
                                split_parts={"Q4_K_M": ["1", "2"]}))
    assert "1 of 2 expected files" in error.message
    assert error.details["missing"] == ["m-2.gguf"]


def test_a_repository_without_weights(hub):
    hub.add("o/tiny", {})
    assert refusal(gguf_family()).code == "files-missing"


def test_the_exit_code_is_not_zero(hub, tmp_path):
    hub.add("o/tiny", {"other.gguf": models.gguf()})
    manifest = catalogue.write(catalogue.manifest(gguf_family()), tmp_path)
    done = runtime("pull", "--model-name", "tiny", "--manifest", str(manifest))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "other.gguf" in done.stderr
