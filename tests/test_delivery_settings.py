"""The station's delivery.toml: every mistake is named with file, line and key."""

from datetime import timedelta

import pytest

from ektp_biocheck.delivery.settings import load_settings, signing_keys
from ektp_biocheck.errors import InputError, UnreadableError

GOOD = """\
station = "kec-01"
records = "."
utc_offset = "+08:00"

[centre]
name = "pusat"
url = "https://centre.example:8443"
ca = "keys/ca.pem"
certificate = "keys/client.pem"
key = "/etc/client.key"

[centre.signing_keys]
pusat = "keys/centre-sign.pub"

[window]
start = "20:00"
end = "06:00"

[limits]
piece_kib = 64
"""


def load(tmp_path, text):
    path = tmp_path / "delivery.toml"
    path.write_bytes(text.encode())
    return load_settings(path)


def test_paths_are_relative_to_the_file(tmp_path):
    settings = load(tmp_path, GOOD)
    assert settings.records == str(tmp_path)
    assert settings.centre.ca == str(tmp_path / "keys" / "ca.pem")
    assert settings.centre.key == "/etc/client.key"
    assert settings.centre.signing_keys == {"pusat": str(tmp_path / "keys" / "centre-sign.pub")}


def test_hours_and_limits(tmp_path):
    settings = load(tmp_path, GOOD)
    assert settings.offset == timedelta(hours=8)
    assert settings.night.start.hour == 20
    assert (settings.limits.piece_kib, settings.limits.quarantine_after) == (64, 5)
    assert (
        load(tmp_path, GOOD.replace("[window]", "[limits]", 1).split("[limits]")[0]).night is None
    )
    assert load(tmp_path, GOOD.replace("+08:00", "-03:30")).offset == -timedelta(hours=3.5)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("piece_kib = 64", "piece_kib = 0", "line 20: piece_kib must be at least 1"),
        ("piece_kib = 64", "piece_kb = 64", "line 20.*no setting piece_kb: did you mean piece_kib"),
        ("[limits]", "[limit]", "line 19.*no setting limit: did you mean limits"),
        (
            "piece_kib = 64",
            'piece_kib = "64"',
            "line 20: piece_kib must be a whole number.*it is text",
        ),
        ('"keys/ca.pem"', "true", "line 8: ca must be text.*it is true or false"),
        ("ca = ", "#", "line 5.*setting ca is missing"),
        ('"20:00"', '"25:00"', "line 16: start must look like 20:00"),
        ('"20:00"', "2000", "line 16: start must be text in quotation marks.*is a whole number"),
        ('station = "kec-01"', 'station = "../x"', "line 1: station must be a name"),
        ('station = "kec-01"', "", "setting station is missing"),
        ("pusat =", '"a b" =', "line 12.*its names must be"),
        ('pusat = "keys', 'kota = "keys', "no key of pusat"),
        ("https://", 'ht"tps', "is no TOML.*line 7"),
        ("+08:00", "WITA", r"line 3: utc_offset must look like \+07:00"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_key(tmp_path, before, after, says):
    assert before in GOOD
    with pytest.raises(InputError, match=rf"(?s)delivery\.toml.*{says}"):
        load(tmp_path, GOOD.replace(before, after))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nix\.toml cannot be read"):
        load_settings(tmp_path / "nix.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"x\.toml is no text"):
        load_settings(tmp_path / "x.toml")


def test_a_missing_key_of_the_centre_is_named(tmp_path):
    with pytest.raises(UnreadableError, match=r"centre-sign\.pub"):
        signing_keys(load(tmp_path, GOOD).centre)
