"""Small records in files: whole, whoever else writes the same one."""

import threading

import pytest

from runtime import jsonfile, storage
from runtime.twin.record import TwinFile


def test_threads_that_write_the_same_file_do_not_take_it_from_each_other(tmp_path):
    path, records, errors = tmp_path / "facts.json", [], []
    for number in range(200):
        together = threading.Barrier(2)

        def work(record, together=together):
            together.wait()
            try:
                jsonfile.write(path, record)
            except OSError as error:
                errors.append(error)

        records = [TwinFile(path="x" * 5000, size=number, sha256=which) for which in ("a", "b")]
        threads = [threading.Thread(target=work, args=(record,)) for record in records]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert jsonfile.read(path, TwinFile) in records
    assert not errors
    assert [entry.name for entry in tmp_path.iterdir()] == ["facts.json"]


def test_what_cannot_be_put_in_place_leaves_nothing_behind(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        storage.write_whole(tmp_path / "taken", b"x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]
