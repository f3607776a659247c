"""The centre's commands: a pilot set up, looked after and asked, by what the manual says."""

import json
import subprocess
import sys

import pytest
from centre_server import (
    REPOSITORY,
    client_in_process,
    sealed,
    send,
    station_key,
)
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ektp_biocheck.cli import main
from ektp_biocheck.delivery.centre.app import make_app
from ektp_biocheck.delivery.centre.home import DATABASE_VARIABLE, Home
from ektp_biocheck.delivery.settings import load_settings
from ektp_biocheck.records.keys import load_keys, save_public


def run(*arguments, code=0):
    """Run a command and return what it printed."""
    result = CliRunner().invoke(main, ["centre", *map(str, arguments)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.fixture
def folder(tmp_path):
    run("init", tmp_path / "centre", "--host", "records.example.id", "--station", "kec-01")
    return tmp_path / "centre"


def stored(folder, *sequences):
    """Bring records in, as the station would."""
    home, records = Home.load(folder), []
    with home.opened() as store:
        client = client_in_process(make_app(store))
        for sequence in sequences:
            records.append(sealed(station_key(home), sequence=sequence))
            send(client, records[-1])
    return records


def test_init_makes_all_that_a_pilot_needs(folder):
    assert {path.name for path in (folder / "keys").iterdir()} == {
        *("ca.pem", "ca.key", "server.pem", "server.key"),
        *("centre-sign.key", "centre-sign.pub", "centre-seal.key", "centre-seal.pub"),
    }
    for secret in [*folder.rglob("*.key"), folder / "centre.toml"]:
        assert secret.stat().st_mode & 0o077 == 0, secret
    server = x509.load_pem_x509_certificate((folder / "keys" / "server.pem").read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["records.example.id"]
    assert Home.load(folder).settings.listen == "0.0.0.0"  # noqa: S104 - mutual TLS


def test_what_a_station_is_handed_is_complete(folder):
    handed = folder / "stations" / "kec-01"
    settings = load_settings(handed / "delivery.toml")
    assert (settings.station, settings.centre.name) == ("kec-01", "centre")
    assert settings.centre.url == "https://records.example.id:8443"
    assert load_keys(handed / "keys").centre_signing is not None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--name", "not a name"], "name"),
        (["--host", "bad host/.."], "neither a host name nor an address"),
        (["--host", "10.0.0.300"], "neither a host name nor an address"),
        (["--host", "https://x.id"], "neither a host name nor an address"),
        (["--host", "localhost", "--station", "../x"], "a station's name is"),
        (["--upstream", "."], "delivery.toml"),
        (["--database", "mysql://x/y"], "write sqlite"),
        (["--database", "postgresql://127.0.0.1:1/none"], "write sqlite"),
        (["--database", "postgresql://u:secret@127.0.0.1/x?sslmode=require"], "write sqlite"),
        (
            ["--database", "postgresql://u:secret@127.0.0.1:1/none"],
            "cannot be used as the centre's",
        ),
    ],
)
def test_a_wrong_setup_is_told_in_one_line(tmp_path, arguments, says):
    said = run("init", tmp_path / "centre", *arguments, code=2)
    assert says in said
    assert "secret" not in said
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named_by_its_own_name(tmp_path):
    (tmp_path / "file").write_text("x")
    said = run("init", tmp_path / "file" / "centre", code=2)
    assert "centre cannot be made" in said
    assert ".new" not in said


def test_a_folder_that_cannot_be_served_is_named(folder):
    (folder / "in-use").mkdir()
    assert f"{folder} cannot be written" in run("serve", folder, code=2)


def test_a_place_of_records_that_cannot_be_used_is_named(folder):
    (folder / "records" / "incoming").rmdir()
    (folder / "records" / "incoming").write_text("x")
    assert f"{folder / 'records'} cannot be used" in run("stock", folder, code=2)


def test_init_never_overwrites_a_centre(folder):
    assert "not empty" in run("init", folder, code=2)
    assert "is registered already" in run("station", "add", folder, "kec-01", code=2)


def test_a_folder_that_is_no_centre_is_named(tmp_path):
    for command in (["stock"], ["serve"], ["reconcile"], ["station", "list"]):
        assert "no centre's folder" in run(*command, tmp_path, code=2)
    (tmp_path / "centre.toml").write_text('name = "centre"\nqoata = 3\n')
    assert "qoata" in run("stock", tmp_path, code=2)


def test_the_database_may_be_named_by_the_environment(folder, tmp_path, monkeypatch):
    monkeypatch.setenv(DATABASE_VARIABLE, str(tmp_path / "other.sqlite"))
    assert "kec-01" not in run("station", "list", folder)


def test_stations_are_registered_blocked_and_renewed(folder, tmp_path):
    own = Ed25519PrivateKey.generate()
    save_public(own.public_key(), tmp_path / "own.pub")
    run("station", "add", folder, "kec-02", "--public-key", tmp_path / "own.pub", "--quota", 9)
    assert not (folder / "stations" / "kec-02" / "keys" / "station.key").exists()
    run("station", "block", folder, "kec-02")
    listed = run("station", "list", folder)
    assert "kec-02" in listed
    assert "yes" in listed
    run("station", "unblock", folder, "kec-02")
    run("station", "quota", folder, "kec-02", 7)
    run("station", "key", folder, "kec-02", tmp_path / "own.pub")
    assert "yes" not in run("station", "list", folder)
    before = (folder / "stations" / "kec-01" / "keys" / "client.pem").read_bytes()
    run("station", "renew", folder, "kec-01")
    assert (folder / "stations" / "kec-01" / "keys" / "client.pem").read_bytes() != before
    for command in (["block"], ["renew"]):
        assert "add it first" in run("station", *command, folder, "kec-99", code=2)
    run("station", "add", folder, "kota-01", "--office")
    wrong = ["--office", "--quota", 3]
    assert "leave them out" in run("station", "add", folder, "kota-02", *wrong, code=2)
    via = ["--via", "kota-09"]
    assert "no office kota-09" in run("station", "add", folder, "kec-03", *via, code=2)


def test_the_head_for_an_audit_is_told(folder):
    run("station", "head", folder, "kec-01", code=1)
    home = Home.load(folder)
    with home.opened() as store:
        send(client_in_process(make_app(store)), sealed(station_key(home), audit_head="ab" * 32))
    assert run("station", "head", folder, "kec-01") == "ab" * 32 + "\n"
    assert "kec-99" in run("station", "head", folder, "kec-99", code=2)


def test_a_missing_extra_is_told_with_its_cure(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "ektp_biocheck.delivery.centre.home", None)
    assert "pip install 'ektp-biocheck[centre]'" in run("stock", folder, code=2)


def test_a_statement_is_made_and_a_wrong_one_is_not(folder):
    (one,) = stored(folder, 1)
    said = run("state", folder, one.record_id, "ENROLL_FAILURE", "--instance", "rightIndex")
    assert said == f"1 {one.record_id} ENROLL_FAILURE\n"
    nik = "NIK 3313012345678901"
    refused = run("state", folder, one.record_id, "DUPLICATE", "--reason", nik, code=2)
    assert "3313012345678901" not in refused.split("Error:")[-1]
    assert "no record" in run(
        "state", folder, "01890000-0000-7000-8000-000000000000", "DUPLICATE", code=2
    )


def test_the_stock_is_counted_and_read_through(folder):
    one, _ = stored(folder, 1, 2)
    counted = json.loads(run("stock", folder, "--verify", "--json"))
    assert counted["checked"] == {"intact": 2, "damaged": 0, "strangers": 0}
    assert counted["stations"][0]["stored"] == 2
    sha256 = one.announcement.sha256
    file = folder / "records" / "stock" / sha256[:2] / f"{sha256}.sealed"
    file.write_bytes(b"x" * len(one.data))
    assert "Rusak atau hilang: 1" in run("stock", folder, "--verify", "--lang", "id", code=1)
    assert "Tersimpan" in run("stock", folder, "--lang", "id")


def test_help_teaches_and_is_quick():
    modules = "import sys; from ektp_biocheck.cli.centre import centre; print(*sys.modules)"
    loaded = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", modules],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=True,
    ).stdout.split()
    for heavy in ("fastapi", "sqlalchemy", "cryptography", "numpy", "uvicorn", "httpx"):
        assert heavy not in loaded
    said = run("--help")
    for word in ("init", "serve", "station", "reconcile", "RECORD_ID PRINT_READY"):
        assert word in said
