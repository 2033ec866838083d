import io

from runtime import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_for_each_tenth():
    out = io.StringIO()
    report = progress.reporter(stream=out)
    report.begin("o/tiny", 1000)
    for _ in range(100):
        report.advance(10)
    report.end()
    lines = out.getvalue().splitlines()
    assert lines[0] == "o/tiny: 1.0 kB"
    assert 10 <= len(lines) <= 11
    assert "100%" in lines[-1]


def test_a_terminal_gets_a_bar():
    out = Terminal()
    report = progress.reporter(stream=out)
    report.begin("o/[tiny]", 1000)
    report.notify("a [sentence]")
    report.advance(1000)
    report.end()
    assert "o/[tiny]" in out.getvalue()
    assert "a [sentence]" in out.getvalue()


def test_silence():
    out = Terminal()
    report = progress.reporter(silent=True, stream=out)
    report.begin("x", 1)
    report.notify("y")
    report.advance(1)
    report.end()
    assert out.getvalue() == ""


def test_sizes_for_people():
    assert [progress.human(n) for n in (0, 999, 98_362_432, 72e9, 3e12)] == [
        "0 B", "999 B", "98.4 MB", "72.0 GB", "3.0 TB"]
