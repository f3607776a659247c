"""WSQ is decoded in another process, so that no file can take this one down."""

import os
import signal
import struct
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sample_files import ridges

from ektp_biocheck.errors import InstallationError, MissingResolutionError, UnreadableError
from ektp_biocheck.formats import wsq
from ektp_biocheck.samples import decode_sample, open_sample

HERE = Path(__file__).parent

# The C module itself: the `wsq` package would patch Pillow for all tests.
_wsq = pytest.importorskip("_wsq", reason="the extra wsq is not installed")

GREY = ridges(160, 128)


def encode_wsq(pixels=GREY):
    return _wsq.compress(pixels.tobytes(), *pixels.shape, 2.0)


DATA = encode_wsq()


def without_comment(data):
    """Drop the comment, which is where the resolution stands."""
    assert data[2:4] == b"\xff\xa8"
    (length,) = struct.unpack_from(">H", data, 4)
    return data[:2] + data[4 + length :]


@pytest.fixture
def worker_stub(monkeypatch):
    """Put a script in the decoder's place: it reads questions and misbehaves."""

    def install(body, timeout=30.0):
        head = f"import os, sys, struct, time\nsys.path.insert(0, {str(HERE)!r})\n"
        ready = "def say(*a): os.write(1, struct.pack('>cIIi', *a))\nsay(b'R', 0, 0, -1)\n"
        script = head + ready + textwrap.dedent(body)
        stop_worker()
        monkeypatch.setattr(wsq, "_command", lambda: [sys.executable, "-c", script])
        monkeypatch.setattr(wsq, "TIMEOUT_SECONDS", timeout)

    yield install
    stop_worker()


def stop_worker():
    if wsq._worker is not None:
        wsq._worker.stop()


def pid_of_worker():
    assert wsq._worker is not None
    return wsq._worker.process.pid


# --- sound files ---------------------------------------------------------------


def test_wsq_is_known_by_its_first_bytes_and_brings_its_resolution(tmp_path):
    path = tmp_path / "finger.png"
    path.write_bytes(DATA)
    sample = open_sample(path, modality="finger")
    assert (sample.format, sample.ppi, sample.ppi_source) == ("WSQ", 500, "file")
    assert (sample.height, sample.width) == GREY.shape
    assert np.abs(sample.pixels.astype(int) - GREY).mean() < 3


def test_wsq_without_a_resolution_asks_for_one():
    bare = without_comment(DATA)
    with pytest.raises(MissingResolutionError, match="is not known, and"):
        decode_sample(bare, modality="finger")
    assert decode_sample(bare, 500, modality="finger").ppi_source == "caller"


def test_one_worker_serves_all_files_and_pillow_stays_as_it_was():
    decode_sample(DATA)
    first = pid_of_worker()
    decode_sample(encode_wsq(ridges(80, 64)))
    assert pid_of_worker() == first != os.getpid()
    from PIL import _imaging

    assert not hasattr(_imaging, "wsq_decoder")


def test_threads_get_their_own_pictures():
    pictures = [ridges(100 + 8 * number, 90) for number in range(8)]
    files = [encode_wsq(picture) for picture in pictures] * 4
    with ThreadPoolExecutor(6) as pool:
        for file, sample in zip(files, pool.map(decode_sample, files), strict=True):
            assert sample == decode_sample(file)
            assert np.abs(sample.pixels.astype(int) - ridges(*sample.pixels.shape)).mean() < 3


# --- damaged files ---------------------------------------------------------------


@pytest.mark.parametrize("cut", [2, 10, 100, 300, 700, len(DATA) // 2, len(DATA) - 3])
def test_every_truncation_is_noticed(cut):
    with pytest.raises(UnreadableError, match=r"a\.wsq: the WSQ data are damaged.*capture again"):
        decode_sample(DATA[:cut], name="a.wsq")


def test_a_worker_that_met_damaged_data_is_not_used_again():
    decode_sample(DATA)
    first = pid_of_worker()
    with pytest.raises(UnreadableError):
        decode_sample(DATA[: len(DATA) // 2])
    decode_sample(DATA)
    assert pid_of_worker() != first


def flip_bits(count, seed):
    rng = np.random.default_rng(seed)
    outcomes = {"sample": 0, "unreadable": 0}
    for _ in range(count):
        damaged = bytearray(DATA)
        for at in rng.integers(2, len(DATA), rng.integers(1, 5)):
            damaged[at] ^= 1 << int(rng.integers(8))
        try:
            assert decode_sample(bytes(damaged)).format == "WSQ"
        except UnreadableError:
            outcomes["unreadable"] += 1
        else:
            outcomes["sample"] += 1
    assert outcomes["unreadable"]
    assert np.abs(decode_sample(DATA).pixels.astype(int) - GREY).mean() < 3
    return outcomes


def test_flipped_bits_never_take_this_process_down():
    flip_bits(20, seed=0)


@pytest.mark.long
def test_many_flipped_bits_never_take_this_process_down():
    flip_bits(600, seed=1)


# --- a decoder that misbehaves -----------------------------------------------------


def test_a_crash_is_an_unreadable_file_and_the_next_file_is_read(worker_stub, monkeypatch):
    worker_stub("os.read(0, 8); os.abort()")
    with pytest.raises(UnreadableError, match=r"a\.wsq: .*the decoder crashed"):
        decode_sample(DATA, name="a.wsq")
    monkeypatch.undo()
    assert decode_sample(DATA).ppi == 500


def test_a_hang_is_an_unreadable_file_after_the_time_limit(worker_stub):
    worker_stub("os.read(0, 8); time.sleep(60)", timeout=0.5)
    started = time.monotonic()
    with pytest.raises(UnreadableError, match=r"did not end within 0\.5 s"):
        decode_sample(DATA)
    assert time.monotonic() - started < 10


def test_a_worker_that_other_files_have_ruined_does_not_condemn_a_sound_one(worker_stub, tmp_path):
    # The first process answers once and dies at its second file, as after a damaged one.
    mark = tmp_path / "started"
    worker_stub(f"""
        first = not os.path.exists({str(mark)!r}); open({str(mark)!r}, "w").close()
        def question():
            length = struct.unpack(">Q", sys.stdin.buffer.read(8))[0]
            sys.stdin.buffer.read(length)
        def answer(): say(b"P", 128, 160, 500); os.write(1, bytes(128 * 160))
        question(); answer()
        question()
        if first: os._exit(139)
        answer()
    """)
    decode_sample(DATA)
    before = pid_of_worker()
    assert decode_sample(DATA).pixels.shape == GREY.shape
    assert pid_of_worker() != before


def test_an_answer_of_another_size_is_not_believed(worker_stub):
    worker_stub("os.read(0, 8); say(b'P', 4_000_000_000, 4_000_000_000, 500); time.sleep(9)")
    with pytest.raises(UnreadableError, match="not 128 x 160"):
        decode_sample(DATA)


def test_an_interrupted_question_leaves_no_stale_answer(monkeypatch):
    decode_sample(DATA)

    def interrupt(_self, _length):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(wsq._Worker, "_receive", interrupt)
        with pytest.raises(KeyboardInterrupt):
            decode_sample(DATA)
    assert decode_sample(encode_wsq(ridges(80, 64))).pixels.shape == (80, 64)


def test_a_worker_killed_while_idle_is_replaced():
    decode_sample(DATA)
    first = wsq._worker.process
    first.kill()
    first.wait()
    assert decode_sample(DATA).ppi == 500


# --- installations ------------------------------------------------------------------


def test_a_missing_extra_says_what_to_install(monkeypatch, tmp_path):
    stop_worker()
    (tmp_path / "_wsq.py").write_text("raise ImportError('no module named _wsq')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(InstallationError, match=r'a\.wsq: .*pip install "ektp-biocheck\[wsq\]"'):
        decode_sample(DATA, name="a.wsq")
    monkeypatch.undo()
    assert decode_sample(DATA).ppi == 500


def test_what_the_decoder_prints_is_not_taken_for_an_answer_nor_dumped_on_disk(
    monkeypatch, tmp_path
):
    stop_worker()
    (tmp_path / "_wsq.py").write_text(
        "import os\n"
        "def decompress(data):\n"
        "    os.write(1, b'P' * 40); os.write(2, b'noise')\n"
        "    if os.name == 'posix':\n"
        "        import resource\n"
        "        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
        "    return bytes(128 * 160), 128, 160, 1000\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert decode_sample(DATA).ppi == 1000
    stop_worker()


def test_a_program_without_python_is_told_so(monkeypatch):
    stop_worker()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", None)
        with pytest.raises(InstallationError, match="Convert the file to PNG"):
            decode_sample(DATA)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(InstallationError, match="cannot be started"):
            decode_sample(DATA)


# --- processes ----------------------------------------------------------------------


def run(script, *arguments, check=True):
    code = textwrap.dedent(script)
    return subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=check,
        cwd=HERE.parent,
    )


def gone(pid):
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat")
            if state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(sys.platform == "win32", reason="uses signals")
@pytest.mark.parametrize("ending", ["", "os.kill(os.getpid(), 9)", "os._exit(3)"])
def test_the_worker_ends_with_its_parent_however_that_ends(tmp_path, ending):
    path = tmp_path / "a.wsq"
    path.write_bytes(DATA)
    done = run(
        f"""
        import os, sys
        from ektp_biocheck.samples import open_sample
        from ektp_biocheck.formats import wsq
        open_sample(sys.argv[1])
        print(wsq._worker.process.pid, flush=True)
        {ending}
        """,
        str(path),
        check=False,
    )
    assert done.stderr == ""
    assert gone(int(done.stdout))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
def test_forked_children_do_not_share_the_parents_worker(tmp_path):
    path = tmp_path / "a.wsq"
    path.write_bytes(DATA)
    done = run(
        """
        import multiprocessing, sys, os
        from ektp_biocheck.samples import open_sample
        from ektp_biocheck.formats import wsq

        def work(path):
            pixels = open_sample(path).pixels
            # What the child holds open would keep the parent's worker alive after its death.
            assert parents is None or os.getpid() == mine[1] or parents.process.stdin.closed
            return wsq._worker.process.pid, os.getpid(), int(pixels.sum())

        parents = None
        mine = work(sys.argv[1])
        parents = wsq._worker
        with multiprocessing.get_context("fork").Pool(2) as pool:
            theirs = pool.map(work, [sys.argv[1]] * 20, chunksize=1)
        assert {total for _, _, total in theirs} == {mine[2]}
        assert mine[0] not in {worker for worker, _, _ in theirs}
        assert len({worker for worker, _, _ in theirs}) == len({pid for _, pid, _ in theirs})
        assert work(sys.argv[1]) == mine
        """,
        str(path),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_spawned_children_work_too(tmp_path):
    script = tmp_path / "main.py"
    (tmp_path / "a.wsq").write_bytes(DATA)
    script.write_text(
        textwrap.dedent(
            """
            from concurrent.futures import ProcessPoolExecutor
            import multiprocessing, pathlib
            from ektp_biocheck import open_sample

            def width(path):
                return open_sample(path).width

            if __name__ == "__main__":
                path = pathlib.Path(__file__).with_name("a.wsq")
                spawn = multiprocessing.get_context("spawn")
                with ProcessPoolExecutor(2, mp_context=spawn) as pool:
                    print(list(pool.map(width, [path] * 4)))
            """
        )
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, script], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("[128, 128, 128, 128]", "")


@pytest.mark.skipif(sys.platform == "win32", reason="uses signals")
def test_a_worker_that_loops_ends_by_itself_when_its_parent_is_gone(tmp_path):
    (tmp_path / "_wsq.py").write_text("def decompress(data):\n    while True: pass\n")
    worker = Path(wsq.__file__).with_name("wsq_worker.py")
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", worker, "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    with process:
        assert process.stdout.read(1) == b"R"
        process.stdin.write(struct.pack(">Q", 3) + b"abc")
        process.stdin.flush()
        process.send_signal(signal.SIGINT)  # Ctrl-C is the parent's affair
        assert process.wait(20) == 1
