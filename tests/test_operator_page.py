"""The operator page: who may talk to it, and a person recorded with the keyboard alone."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from click.testing import CliRunner
from station_captures import capture

from ektp_biocheck.capture.station import Station, StationConfig
from ektp_biocheck.cli import main
from ektp_biocheck.errors import InputError
from ektp_biocheck.operator_page import shown
from ektp_biocheck.operator_page.desk import Desk, Office
from ektp_biocheck.operator_page.guard import MOST_BYTES
from ektp_biocheck.operator_page.server import check_host, guarded, listen

NIK = "3313054507550001"
STATIC = Path(shown.__file__).parent / "static"
BROWSERS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")


class Page:
    """A served page: its address, its key, and the desk behind it."""

    def __init__(self, desk, key, port):
        self.desk, self.key, self.port = desk, key, port
        self.origin = f"http://127.0.0.1:{port}"
        self.address = f"{self.origin}/#{key}"
        self.headers = {"X-Station-Key": key, "X-Operator": "op-7", "X-Device": "files"}

    def call(self, method, path, *, headers=None, **more):
        asked = self.headers | (headers or {})
        return httpx.request(method, self.origin + path, headers=asked, timeout=30, **more)

    def begin(self, **more):
        told = {"nik": NIK, "operator": "op-7", "queue_number": "24"} | more
        answer = self.call("POST", "/api/begin", json=told)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def served(folder, *, camera=False):
    config = StationConfig("kec-01", "Ngargoyoso", folder)
    listener = listen("127.0.0.1", 0)
    port, key = listener.getsockname()[1], secrets.token_urlsafe(12)
    with Station(config) as station, listener:
        desk = Desk(station, Office("Kecamatan Ngargoyoso", "(0271) 495 123", ppi=None))
        about = shown.about(config, station.policy, lang="id", device="files", camera=camera)
        app = guarded(desk, about, key=key, port=port)
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield Page(desk, key, port)
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with served(tmp_path_factory.mktemp("station")) as opened:
        yield opened


# ---- who may talk to it ----


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "", "kecamatan.example", "::"])  # noqa: S104
def test_it_listens_on_this_computer_only(host):
    with pytest.raises(InputError, match="for this computer only"):
        check_host(host)
    with pytest.raises(InputError, match="for this computer only"):
        listen(host, 0)


def test_the_command_refuses_other_hosts_before_it_opens_anything(tmp_path):
    folder = tmp_path / "data"
    where = ["--folder", str(folder), "--station", "kec-01", "--office", "Ngargoyoso"]
    told = CliRunner().invoke(main, ["station", "serve", *where, "--host", "0.0.0.0"])  # noqa: S104
    assert told.exit_code == 2
    assert "for this computer only" in " ".join(told.output.split())
    assert not folder.exists()


def test_the_command_serves_and_prints_the_address_with_the_key(tmp_path):
    command = [sys.executable, "-m", "ektp_biocheck", "station", "serve", "--port", "0"]
    command += ["--folder", str(tmp_path / "data"), "--station", "kec-01", "--office", "Ngargoyoso"]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **piped) as running:  # noqa: S603
        try:
            address = running.stdout.readline().split()[-1]
            origin, _, key = address.partition("/#")
            headers = {"X-Station-Key": key}
            answer = httpx.get(f"{origin}/api/desk", headers=headers, timeout=20)
            beside = CliRunner().invoke(main, ["station", "sheet", "--folder", command[8]])
            second = CliRunner().invoke(main, [*command[3:5], *command[7:], "--port", "0"])
            running.terminate()
            rest = running.communicate(timeout=20)
        finally:
            running.kill()
    assert origin.startswith("http://127.0.0.1:")
    assert answer.json()["office"] == "Ngargoyoso"
    assert len(key) >= 32
    assert beside.exit_code == 0, beside.output  # the sheet only reads
    assert second.exit_code == 2
    assert "another program works in this folder" in " ".join(second.output.split())
    assert "Traceback" not in "".join(rest)
    if os.name == "posix":  # elsewhere there is no asking, only an end
        assert running.returncode == 0


def test_a_port_that_is_taken_is_said_with_the_cure():
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(OSError, match="--port"):
            listen("127.0.0.1", taken.getsockname()[1])


def test_it_is_not_reached_from_another_address(page):
    with socket.socket() as outside:
        outside.settimeout(1)
        outside.bind(("127.0.0.2", 0))
        with pytest.raises(OSError):  # noqa: PT011 - refused, whatever the system calls it
            outside.connect(("127.0.0.2", page.port))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.nip.io", "localhost", "127.0.0.1:1"])
def test_a_name_rebound_to_this_computer_is_turned_away(page, host):
    answer = page.call("GET", "/api/desk", headers={"Host": host})
    assert answer.status_code == 421
    assert page.call("GET", "/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
    ],
)
def test_another_site_in_the_same_browser_is_turned_away(page, headers):
    assert page.call("GET", "/api/desk", headers=headers).status_code == 403
    assert page.call("POST", "/api/begin", headers=headers, json={}).status_code == 403


@pytest.mark.parametrize("key", ["", "wrong", "ü"])
def test_another_program_without_the_key_is_turned_away(page, key):
    headers = {"X-Station-Key": key.encode()}
    assert page.call("GET", "/api/desk", headers=headers).status_code == 401
    assert page.call("POST", "/api/begin", headers=headers, json={}).status_code == 401


def test_every_answer_carries_a_policy_that_lets_nothing_else_in(page):
    for answer in (page.call("GET", "/"), page.call("GET", "/", headers={"Host": "x"})):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/docs", "/openapi.json", "/../cli/station.py", "/static/page.js", "/guard.py"]
)
def test_nothing_but_the_page_is_served(page, path):
    assert page.call("GET", path).status_code == 404


def test_too_large_a_file_is_refused_before_and_while_it_is_read(page):
    path = "/api/person/x/present/face"
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nX-Station-Key: {page.key}\r\n"
    with socket.create_connection(("127.0.0.1", page.port), timeout=5) as plain:
        plain.sendall(f"{head}Content-Length: {MOST_BYTES + 1}\r\n\r\n".encode())
        assert plain.recv(100).startswith(b"HTTP/1.1 413")

    def endless():
        for _ in range(MOST_BYTES // 1_000_000 + 2):
            yield bytes(1_000_000)

    assert page.call("POST", path, content=endless()).status_code == 413
    assert page.call("GET", "/api/desk").status_code == 200  # it still serves


def test_the_page_holds_no_address_of_the_internet():
    for file in STATIC.iterdir():
        text = file.read_text("utf-8").replace("http://www.w3.org/", "")
        assert not re.search(r"(https?:)?//[\w.-]+\.\w", text.replace("\n//", "\n")), file.name


# ---- what it says ----


@pytest.mark.parametrize(
    ("nik", "code"), [("331305", "nik"), ("3313059907550001", "nik_doubt"), ("x" * 16, "nik")]
)
def test_a_wrong_nik_is_said_and_never_repeated(page, nik, code):
    answer = page.call("POST", "/api/begin", json={"nik": nik, "operator": "op-7"})
    assert answer.status_code == 400
    assert answer.json()["error"] == code
    assert nik not in answer.text


def test_an_unusual_nik_passes_when_the_card_says_so(page):
    who = page.begin(nik="3313059907550001", nik_confirmed=True)["transaction"]
    page.call("POST", f"/api/person/{who}/abandon", json={"reason": "PERSON_LEFT"})


def test_a_disk_that_cannot_be_written_is_said_in_words(page, monkeypatch):
    def full(*_, **__):
        raise OSError("the folder cannot be written")

    monkeypatch.setattr(page.desk.station, "begin", full)
    answer = page.call("POST", "/api/begin", json={"nik": NIK, "operator": "op-7"})
    assert (answer.status_code, answer.json()["error"]) == (400, "refused")
    assert "cannot be written" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"nik": 5}', b'{"nik": "1", "more": 1}'])
def test_a_body_that_is_none_of_ours_is_refused_without_repeating_it(page, body):
    answer = page.call("POST", "/api/begin", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"] == "refused"


def test_what_cannot_be_done_is_an_error_with_words_not_a_traceback(page):
    who = page.begin(queue_number="90")["transaction"]
    calls = [
        ("GET", "/api/person/nobody", {}),
        ("POST", f"/api/person/{who}/step", {"json": {"names": [], "step": "FB_NONE"}}),
        ("POST", f"/api/person/{who}/override", {"json": {"names": ["face"]}}),
        ("POST", f"/api/person/{who}/except", {"json": {"names": ["nose"], "kind": "MISSING"}}),
        ("POST", f"/api/person/{who}/approve", {"json": {"names": [], "by": "a", "mode": "SOON"}}),
        ("POST", f"/api/person/{who}/fault", {"json": {"names": ["face"], "code": "FP_DRY"}}),
        ("POST", f"/api/person/{who}/present/face", {"content": b"GIF89a not really"}),
        ("POST", f"/api/person/{who}/present/ear", {"content": b"x"}),
        ("POST", f"/api/person/{who}/best/face", {}),
        ("POST", f"/api/person/{who}/evidence", {"content": b""}),
    ]
    for method, path, more in calls:
        answer = page.call(method, path, **more)
        assert answer.status_code == 400, path
        assert answer.json()["error"] in ("refused", "unreadable"), path
        assert "Traceback" not in answer.text
    page.call("POST", f"/api/person/{who}/abandon", json={"reason": "PERSON_LEFT"})


def test_a_finger_without_a_resolution_asks_for_one(page):
    who = page.begin(queue_number="91")["transaction"]
    path = f"/api/person/{who}/present/rightIndex"
    answer = page.call("POST", path, content=capture("cloudyEye"))
    assert answer.json()["error"] == "ppi"
    page.desk.office = Office(ppi=500)
    assert page.call("POST", path, content=capture("cloudyEye")).status_code == 200
    page.desk.office = Office("Kecamatan Ngargoyoso")
    page.call("POST", f"/api/person/{who}/abandon", json={"reason": "PERSON_LEFT"})


def test_a_picture_shows_why_and_is_gone_with_the_person(page):
    who = page.begin(queue_number="92")["transaction"]
    page.call("POST", f"/api/person/{who}/present/rightEye", content=capture("rightEye"))
    png = page.call("GET", f"/api/person/{who}/picture/rightEye?lang=en")
    assert png.headers["content-type"] == "image/png"
    assert png.content.startswith(b"\x89PNG")
    assert page.call("GET", f"/api/person/{who}/picture/face").status_code == 204
    page.call("POST", f"/api/person/{who}/abandon", json={"reason": "PERSON_LEFT"})
    assert page.call("GET", f"/api/person/{who}/picture/rightEye").status_code == 204


def test_every_text_of_the_page_exists_in_both_languages():
    words = (STATIC / "words.js").read_text("utf-8")
    one, other = words.partition("export const state")[0].split("  en: {")
    keys = [re.findall(r"(?<![\w\"])(\w+): \"", part) for part in (one, other)]
    assert keys[0] == keys[1]
    assert len(keys[0]) > 100
    used = set(re.findall(r'data-w="(\w+)"', (STATIC / "index.html").read_text("utf-8")))
    for script in STATIC.glob("*.js"):
        used |= set(re.findall(r'word\("(\w+)"', script.read_text("utf-8")))
    assert used <= set(keys[0])


# ---- in a real browser ----


@pytest.fixture(scope="module")
def browser():
    executable = next((path for path in BROWSERS if Path(path).is_file()), None)
    if executable is None:
        pytest.skip(f"no Chromium here: none of {', '.join(BROWSERS)}")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(
            executable_path=executable,
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
                *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
            ],
        )
        yield launched
        launched.close()


class Officer:
    """An officer at the page, who has a keyboard and no mouse."""

    def __init__(self, browser, page, *, height=640):
        self.context = browser.new_context(viewport={"width": 1366, "height": height})
        self.tab = self.context.new_page()
        self.complaints, self.requests = [], []
        self.tab.on("console", lambda told: self.complaints.append(told.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request))
        # With a listener there is no moment in which a file chooser would be missed.
        self.tab.on("filechooser", lambda _: None)
        self.tab.goto(page.address)
        self.tab.wait_for_selector("#start:not([hidden])")

    def settle(self):
        self.tab.wait_for_timeout(60)
        self.tab.wait_for_selector('body[aria-busy="false"]', timeout=30_000)
        self.tab.wait_for_timeout(60)

    def press(self, *keys):
        for key in keys:
            self.tab.keyboard.press(key)
        self.settle()

    def begin(self, nik=NIK, age="71"):
        for text in ("24", nik, age, "Berjo", "op-7"):
            self.tab.keyboard.type(text)
            self.tab.keyboard.press("Tab")
        self.tab.keyboard.press("Enter")
        self.tab.wait_for_selector("#work:not([hidden])")
        self.tab.wait_for_timeout(100)

    def give(self, *files, key="o"):
        """Choose files as the file dialog would hand them over."""
        with self.tab.expect_file_chooser() as chooser:
            self.tab.keyboard.press(key)
        chooser.value.set_files(
            [
                file
                if isinstance(file, dict)
                else {"name": "x.png", "mimeType": "image/png", "buffer": capture(file)}
                for file in files
            ]
        )
        self.settle()

    def read(self, what):
        return " ".join(self.tab.inner_text(f"#{what}").split())

    @property
    def view(self):
        return self.read("stagename"), self.read("verdict"), self.read("maintext")


@pytest.fixture
def officer(browser, tmp_path):
    with served(tmp_path) as page:
        one = Officer(browser, page)
        one.page = page
        yield one
        one.context.close()


def test_a_person_with_the_keyboard_alone(officer, capfd):
    """An old woman with a cloudy eye: ten fingers, one eye, a face, an exception, a slip."""
    officer.begin()
    assert officer.tab.locator("dialog[open]").count() == 1  # lenses, glasses, warm hands
    officer.press("1", "3", "Enter")
    assert officer.view == ("Empat jari kanan", "Siap mengambil", "Ambil gambar")
    officer.give("rightFour", key="Enter")
    assert officer.view[1:] == ("Diterima", "Lanjut: empat jari kiri")
    officer.give("leftFour")  # without Enter: the next capture is of what is next
    officer.give("bothThumbs")
    assert officer.read("count") == "10 dari 13"
    officer.give("rightEye")
    officer.press("Enter")
    officer.give("cloudyEye", key="Enter")
    assert officer.view[1] == "Coba cara lain"
    assert officer.read("advice").startswith("Mata keruh sehingga iris tidak terlihat.")
    assert "Nilai" in officer.read("facts")
    officer.press("k", "ArrowUp", "Enter")
    assert "Mata kiri: kecuali" in officer.read("parts")
    officer.give("face")
    assert officer.view == ("Wajah", "Diterima", "Ambil foto bukti")
    officer.press("Enter")
    officer.give("evidence")
    assert officer.view == ("Wajah dan kedua tangan", "Foto bukti lengkap", "Minta persetujuan")
    officer.press("Enter")
    officer.tab.keyboard.type("op-9")
    officer.press("Enter")
    assert officer.view[2] == "Ringkasan dan selesai"
    officer.press("Enter")
    assert "Lengkap dengan catatan" in officer.read("dialogbody")
    assert "Mata kiri: dikecualikan" in officer.read("dialogbody")
    officer.press("Enter")
    officer.tab.wait_for_selector("#done:not([hidden])")
    slip = officer.tab.frame_locator("#slip")
    assert slip.locator("h1").inner_text() == "Tanda terima perekaman KTP-el"
    assert "mata kiri" in slip.locator(".excepted").inner_text()
    assert slip.locator(".good li").all_inner_texts()[0] == "kesepuluh jari"
    officer.press("Enter")  # the next person
    assert officer.tab.evaluate("document.activeElement.id") == "f-queue"
    assert officer.tab.input_value("#f-nik") == ""
    private_and_quiet(officer, capfd)


def private_and_quiet(officer, capfd):
    """Nothing was complained of, nothing went elsewhere, and the NIK is nowhere."""
    assert officer.complaints == []
    addresses = [request.url for request in officer.requests]
    own = (officer.page.origin + "/", "blob:" + officer.page.origin)
    assert [one for one in addresses if not one.startswith(own)] == []
    assert not any(NIK in one or officer.page.key in one for one in addresses)
    kept = officer.tab.evaluate("JSON.stringify([localStorage, sessionStorage, location.href])")
    assert NIK not in kept + officer.tab.content()
    assert officer.page.key not in officer.tab.evaluate("location.href")
    told = capfd.readouterr()
    assert NIK not in told.out + told.err
    bodies = [request.post_data_buffer or b"" for request in officer.requests]
    assert sum(NIK.encode() in body for body in bodies) == 1  # once, where it is asked for


def test_hostile_file_names_and_files_that_are_no_pictures(officer):
    officer.begin(age="30")
    officer.press("Enter")  # nothing ticked
    name = '"><img src=x onerror=alert(1)>../../etc/passwd\u202egnp.exe.png'
    officer.give({"name": name, "mimeType": "image/png", "buffer": b"<script>alert(1)</script>"})
    assert officer.read("alert") == "Berkas ini bukan gambar yang dapat dibaca. Pilih gambar lain."
    assert officer.view[1] == "Siap mengambil"  # and it cost nobody an attempt
    officer.press("b")
    officer.give({"name": name, "mimeType": "image/png", "buffer": b""})
    assert officer.read("alert").startswith("This file is no picture that can be read.")
    officer.give({"name": name, "mimeType": "image/png", "buffer": capture("rightFour")})
    assert officer.view[1] == "Accepted"
    assert officer.tab.locator("#alert").is_hidden()
    sent = [json.dumps(request.headers) + request.url for request in officer.requests]
    assert not any("passwd" in one for one in sent)
    assert "passwd" not in officer.tab.content()
    # The browser itself notes the two refused uploads; nothing else is noted.
    assert all("status of 400" in told for told in officer.complaints)
    assert len(officer.complaints) == 2


def test_an_unusual_nik_asks_for_a_second_look_and_then_lets_the_person_in(officer):
    for text in ("24", "3313059907550001", "71", "Berjo", "op-7"):
        officer.tab.keyboard.type(text)
        officer.tab.keyboard.press("Tab")
    officer.press("Enter")
    assert "Periksa lagi pada kartu" in officer.read("alert")
    assert officer.tab.locator("#work").is_hidden()
    officer.press("Enter")
    officer.tab.wait_for_selector("#work:not([hidden])")
    assert "331305" not in officer.tab.content()


def test_language_help_and_visible_focus(officer):
    assert officer.tab.inner_text("#begin h1") == "Pemohon berikutnya"
    officer.begin(age="30")
    officer.press("Enter")
    outline = officer.tab.evaluate(
        "getComputedStyle(document.activeElement).outlineStyle + document.activeElement.id"
    )
    assert outline == "solidmain"
    officer.press("?")
    assert "Kecualikan" in officer.read("dialogbody")
    officer.press("Escape")
    officer.press("b")
    assert officer.view[1] == "Ready to capture"
    assert officer.tab.evaluate("document.documentElement.lang") == "en"
    officer.press("?")
    assert "Device fault" in officer.read("dialogbody")
    officer.press("Escape", "ArrowRight")
    assert officer.view[0] == "Left eye"  # after the little finger of the right hand
    officer.press("b")
    assert officer.complaints == []


def test_states_are_told_by_sign_and_word_not_by_colour_alone(officer):
    officer.begin(age="30")
    officer.press("Enter", "k")
    officer.press("ArrowDown", "Enter")
    group = officer.tab.locator("#part-rightIndex")
    assert group.get_attribute("aria-label") == "Telunjuk kanan: kecuali"
    assert group.locator(".state").text_content() == "kecuali"
    assert group.locator(".badge.excepted").count() == 1


def test_a_device_that_hangs_costs_nothing_and_says_so(officer):
    officer.begin(age="30")
    officer.press("Enter", "g")
    officer.press("ArrowUp", "Enter")
    assert officer.view[1] == "Ulangi"
    assert "bukan kesalahan pemohon" in officer.read("advice")
    assert officer.read("facts") == "Tidak dihitung sebagai percobaan pemohon."
    officer.press("Escape")
    assert officer.read("count") == "0 dari 13"
    assert officer.complaints == []


def test_a_power_cut_in_the_middle(browser, tmp_path):
    with served(tmp_path) as page:
        first = Officer(browser, page)
        first.begin(age="30")
        first.press("Enter")
        first.give("rightEye", key="o") if first.view[0] == "Mata kanan" else first.give(
            "rightFour"
        )
        first.context.close()
    with served(tmp_path) as page:
        second = Officer(browser, page)
        second.tab.fill("#f-operator", "op-8")
        second.tab.wait_for_selector("#waitinglist button")
        assert second.read("waitinglist") == "Lanjutkan antrean 24"
        second.tab.focus("#waitinglist button")
        second.press("Enter")
        second.tab.wait_for_selector("#work:not([hidden])")
        assert second.read("count") == "4 dari 13"
        second.context.close()


def test_without_the_key_the_page_says_what_to_do(browser, page):
    tab = browser.new_page()
    tab.goto(page.origin)
    tab.wait_for_selector("#locked:not([hidden])")
    assert "alamat yang dicetak" in tab.inner_text("#locked")
    tab.close()


@pytest.mark.long
def test_the_camera_guides_and_takes_the_best_frame(browser, tmp_path):
    """Chromium's stand-in camera shows a green screen: no face, and the page says so."""
    with served(tmp_path, camera=True) as page:
        officer = Officer(browser, page)
        officer.begin(age="30")
        officer.press("Enter", "ArrowLeft", "ArrowLeft")
        while officer.view[0] != "Wajah":
            officer.press("ArrowRight")
        officer.press("Enter")
        officer.tab.wait_for_selector("#video:not([hidden])")
        officer.tab.wait_for_selector("#guide.weak", timeout=15_000)
        assert "Wajah tidak ditemukan" in officer.read("guide")
        officer.press("Space")
        assert officer.view[:2] == ("Wajah", "Ulangi")
        (taken,) = [r for r in officer.requests if "/best/" in r.url or "/present/" in r.url]
        assert taken.headers["x-device"] == "browser-camera"
        assert officer.tab.locator("#video").is_hidden()
        assert officer.complaints == []
        officer.context.close()


@pytest.mark.long
def test_several_pictures_at_once_the_best_is_used(officer):
    officer.begin(age="30")
    officer.press("Enter")
    while officer.view[0] != "Wajah":
        officer.press("ArrowRight")
    officer.give("blurredFace", "face", "blurredFace")
    assert officer.view[:2] == ("Wajah", "Diterima")
    who = officer.tab.evaluate("sessionStorage.getItem('person')")
    (face,) = [one for one in officer.page.desk.person(who)["instances"] if one["name"] == "face"]
    assert face["used"] == 1
    assert face["score"] > 90
