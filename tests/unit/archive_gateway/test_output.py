"""What the supervisor shows."""

import io
import threading

from archive_gateway.output import REMEMBERED_LINES, Screen, Transcript


def test_lines_of_parts_carry_their_aligned_names() -> None:
    stream = io.StringIO()
    screen = Screen(stream, ["gateway", "tiler-worker"])

    screen.show("gateway", "hello")
    screen.say("own words")

    assert stream.getvalue() == "gateway      | hello\nown words\n"


def test_a_transcript_shows_all_and_remembers_the_end() -> None:
    stream = io.StringIO()
    transcript = Transcript("part", Screen(stream, ["part"]))

    transcript.follow([b"line %d\n" % number for number in range(20)])

    assert stream.getvalue().count("\n") == 20
    assert transcript.last_lines() == [f"line {number}" for number in range(20 - REMEMBERED_LINES, 20)]


def test_bytes_that_are_no_text_do_not_stop_the_transcript() -> None:
    stream = io.StringIO()

    Transcript("part", Screen(stream, ["part"])).follow([b"\xff\xfe\n", b"after\n"])

    assert "part | after" in stream.getvalue()


def test_lines_from_several_threads_stay_whole() -> None:
    stream = io.StringIO()
    screen = Screen(stream, ["a", "b"])

    def write(name: str) -> None:
        Transcript(name, screen).follow([name.encode() * 50 + b"\n"] * 200)

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(stream.getvalue().splitlines()) == {"a | " + "a" * 50, "b | " + "b" * 50}
