"""What the supervisor shows."""

import io
import os
import time

from archive_gateway.output import LONGEST_LINE_BYTES, REMEMBERED_LINES, Outputs, Screen, Transcript


def test_lines_of_parts_carry_their_aligned_names() -> None:
    stream = io.StringIO()
    screen = Screen(stream, ["gateway", "tiler-worker"])

    screen.show("gateway", "hello")
    screen.say("own words")

    assert stream.getvalue() == "gateway      | hello\nown words\n"


def test_a_terminal_that_is_gone_stops_nobody() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        screen = Screen(stream, [])
        screen.say("somebody reads")
        assert os.read(reading, 100) == b"somebody reads\n"
        os.close(reading)

        screen.say("nobody does")
        screen.say("and nobody misses it")


def test_a_transcript_shows_all_and_remembers_the_end() -> None:
    stream = io.StringIO()
    transcript = Transcript("part", Screen(stream, ["part"]))

    transcript.take(b"".join(b"line %d\n" % number for number in range(20)))

    assert stream.getvalue().count("\n") == 20
    assert transcript.last_lines() == [f"line {number}" for number in range(20 - REMEMBERED_LINES, 20)]


def test_bytes_that_are_no_text_do_not_stop_the_transcript() -> None:
    stream = io.StringIO()

    Transcript("part", Screen(stream, ["part"])).take(b"\xff\xfe\nafter\n")

    assert "part | after" in stream.getvalue()


def test_a_line_is_shown_when_it_is_whole_or_when_nothing_more_comes() -> None:
    stream = io.StringIO()
    transcript = Transcript("part", Screen(stream, ["part"]))

    transcript.take(b"one\ntw")
    assert stream.getvalue() == "part | one\n"
    transcript.take(b"o\nthr")
    transcript.end()

    assert stream.getvalue() == "part | one\npart | two\npart | thr\n"
    assert transcript.has_ended


def test_a_line_without_an_end_does_not_fill_the_memory() -> None:
    stream = io.StringIO()
    transcript = Transcript("part", Screen(stream, ["part"]))

    for _ in range(4):
        transcript.take(b"x" * LONGEST_LINE_BYTES)

    assert stream.getvalue() == f"part | {'x' * LONGEST_LINE_BYTES}\n" * 4


def test_outputs_are_followed_to_their_ends() -> None:
    stream = io.StringIO()
    screen = Screen(stream, ["a", "b"])
    outputs = Outputs()
    transcripts, pipes = [Transcript(name, screen) for name in "ab"], [os.pipe() for _ in "ab"]
    for transcript, (reading, _) in zip(transcripts, pipes, strict=True):
        outputs.add(reading, transcript)
    for name, (_, writing) in zip(b"ab", pipes, strict=True):
        os.write(writing, bytes([name]) * 50 + b"\n")

    outputs.follow(0.05)

    assert sorted(stream.getvalue().splitlines()) == ["a | " + "a" * 50, "b | " + "b" * 50]
    assert not transcripts[0].has_ended
    for _, writing in pipes:
        os.close(writing)
    for transcript in transcripts:
        outputs.follow(60, last=transcript)
        assert transcript.has_ended


def test_following_nothing_takes_its_time() -> None:
    begun = time.monotonic()

    Outputs().follow(0.05)

    assert time.monotonic() - begun >= 0.05
