"""Captures of open transactions: encrypted, bound to their place, gone when they should be."""

import hashlib
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records.vault import KEY_BYTES, Vault, station_key

KEY = bytes(range(KEY_BYTES))
IMAGE = b"\x89PNG a capture" * 50


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "open", KEY)


def file_of(tmp_path, name):
    return tmp_path / "open" / "t-1" / name


def test_what_was_put_comes_back_under_its_hash(vault):
    name = vault.put("t-1", IMAGE)
    assert name == hashlib.sha256(IMAGE).hexdigest()
    assert vault.get("t-1", name) == IMAGE
    assert vault.put("t-1", IMAGE) == name
    assert vault.names("t-1") == (name,)
    assert vault.transactions() == ("t-1",)


def test_nothing_of_it_is_readable_on_the_disk(vault, tmp_path):
    name = vault.put("t-1", IMAGE)
    data = file_of(tmp_path, name).read_bytes()
    assert b"capture" not in data
    assert data != file_of(tmp_path, vault.put("t-1", IMAGE + b".")).read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_only_the_station_may_read_it(vault, tmp_path):
    name = vault.put("t-1", IMAGE)
    assert stat.S_IMODE(file_of(tmp_path, name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o700


@pytest.mark.parametrize("place", [0, 5, 20, -1])
def test_a_single_changed_byte_is_found(vault, tmp_path, place):
    name = vault.put("t-1", IMAGE)
    path = file_of(tmp_path, name)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match="damaged"):
        vault.get("t-1", name)


def test_one_capture_cannot_stand_in_for_another(vault, tmp_path):
    one, other = vault.put("t-1", IMAGE), vault.put("t-1", b"another")
    file_of(tmp_path, one).write_bytes(file_of(tmp_path, other).read_bytes())
    with pytest.raises(UnreadableError, match="damaged"):
        vault.get("t-1", one)


def test_another_key_opens_nothing(vault, tmp_path):
    name = vault.put("t-1", IMAGE)
    with pytest.raises(UnreadableError, match="another key"):
        Vault(tmp_path / "open", bytes(KEY_BYTES)).get("t-1", name)


def test_removed_is_gone(vault, tmp_path):
    name = vault.put("t-1", IMAGE)
    kept = vault.put("t-2", IMAGE)
    vault.remove("t-1")
    vault.remove("t-1")
    assert not (tmp_path / "open" / "t-1").exists()
    assert vault.names("t-1") == ()
    assert vault.get("t-2", kept) == IMAGE
    with pytest.raises(UnreadableError, match="not there"):
        vault.get("t-1", name)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "x" * 65, "3313 07"])
def test_names_lead_nowhere_else(vault, name):
    for call in (lambda: vault.put(name, b""), lambda: vault.remove(name)):
        with pytest.raises(InputError):
            call()
    with pytest.raises(InputError):
        vault.get("t-1", "../keys")


@given(st.binary(max_size=2000))
def test_any_bytes_come_back(tmp_path_factory, data):
    vault = Vault(tmp_path_factory.mktemp("v"), KEY)
    assert vault.get("t", vault.put("t", data)) == data


def test_a_key_is_made_once_and_kept(tmp_path):
    path = tmp_path / "keys" / "vault.key"
    key = station_key(path)
    assert len(key) == KEY_BYTES
    assert station_key(path) == key
    assert list(path.parent.iterdir()) == [path]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_cannot_be_one_is_named(tmp_path):
    path = tmp_path / "vault.key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(InputError, match=r"vault\.key holds no key"):
        station_key(path)
    with pytest.raises(InputError, match="32 bytes"):
        Vault(tmp_path / "open", b"short")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_key_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "vault.key"
    station_key(path)
    path.chmod(0o644)
    with pytest.raises(InputError, match="0600"):
        station_key(path)
