"""A policy file is sound, or told wrong with its line and key; the digest is of the meaning."""

import json
import re

import pytest
from click.testing import CliRunner
from people import FACE, LEFT_EYE, RIGHT_INDEX, RIGHT_RING

from ektp_biocheck import iris
from ektp_biocheck.capture.policy import policy_of
from ektp_biocheck.capture.policy_file import (
    check_scorers,
    default_policy,
    default_text,
    installed_algorithms,
    load_policy,
    parse_policy,
)
from ektp_biocheck.capture.policy_words import explain
from ektp_biocheck.cli import main
from ektp_biocheck.errors import InputError, UnreadableError

TEXT = default_text()


def changed(old, new):
    assert old in TEXT, old
    return TEXT.replace(old, new, 1)


def line_of(text):
    return TEXT[: TEXT.index(text)].count("\n") + 1


def test_the_default_policy_fits_the_installed_scorers():
    check_scorers(default_policy(), installed_algorithms())
    assert default_policy().policy.id == "ektp-default"


def test_the_default_bars_stand_where_the_tables_say():
    policy = default_policy()
    assert (policy.finger.accept, policy.finger.floor) == (40, 20)
    assert (policy.iris.accept, policy.iris.floor) == (60, 30)
    assert (policy.face.accept, policy.face.floor) == (65, 40)
    assert iris.expected_fnmr(65) < 0.04 < iris.expected_fnmr(60) < 0.06 < iris.expected_fnmr(55)


@pytest.mark.parametrize(
    ("old", "new", "at", "told"),
    [
        ("accept = 40", "acept = 40", "accept = 40", r"finger\.acept: .*did you mean 'accept'"),
        ("accept = 60", "accept = 600", "accept = 60", r"iris\.accept: .*100"),
        ("accept = 65", 'accept = "65"', "accept = 65", r"face\.accept: .*int.*str"),
        ("accept = 40", "accept = 40.5", "accept = 40", r"finger\.accept: .*int"),
        ("floor = 20", "floor = 41", "floor = 20", r"finger\.floor: .*41.*above accept"),
        ("max_attempts = 3", "max_attempts = 0", "max_attempts = 3", r"finger\.max_attempts"),
        ("min_gain = 4", "min_gain = -1", "min_gain = 4", r"finger\.min_gain"),
        ("[slap]", "[slaps]", "[slap]", "slaps: .*did you mean 'slap'"),
        ("from = 60", "form = 60", "from = 60", r"age\.form: .*did you mean 'from'"),
        ('"FB_WARM"', '"FB_WRAM"', "presteps", "presteps: .*FB_WARM"),
        ("right_index = 1", "right_indx = 1", "extra_attempts", "extra_attempts: "),
        ("right_index = 1", "right_four = 1", "extra_attempts", "no single finger"),
        ('"left_index"]', '"R2"]', "chip =", "named twice"),
        ("irises >= 1", "iris >= 1", "sufficient", "sufficient: .*did you mean irises"),
        ("never_block = true", "never_block = false", "never_block =", "never_block: must be"),
        ("hard_cap_s = 900", "hard_cap_s = 90", "hard_cap_s", "hard_cap_s: .*below"),
        ('"DEFERRED"]', '"SOMETIME"]', "approval =", "approval: .*SOMETIME"),
        ('mode = "per_finger"', 'mode = "mean"', "mode =", r"slap\.mode: .*mean"),
        ("timeout_factor = 2.0", "timeout_factor = nan", "timeout_factor", "timeout_factor"),
        ("deferred_max_h = 72", "deferred_max_h = 72\nfoo = 1", None, r"exception\.foo"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_key(old, new, at, told):
    with pytest.raises(InputError, match=told) as error:
        parse_policy(changed(old, new), "ours.toml")
    line = re.match(r"ours\.toml, line (\d+): ", str(error.value))
    assert line is not None
    assert at is None or int(line[1]) == line_of(at)


def test_a_missing_key_is_told_with_its_section():
    with pytest.raises(InputError, match=r"line 15: finger: the key 'max_attempts' is missing"):
        parse_policy(changed("max_attempts = 3\n", ""))


def test_all_contradictions_at_once():
    text = changed("floor = 20", "floor = 50").replace("floor = 30", "floor = 70")
    with pytest.raises(InputError) as error:
        parse_policy(text)
    assert len(str(error.value).splitlines()) >= 2


def test_an_age_may_lower_the_bar_and_never_raise_it():
    lower = parse_policy(changed('name = "elderly"', 'name = "elderly"\naccept = { finger = 30 }'))
    assert lower.bar(RIGHT_RING, 70).relaxed
    assert lower.bar(RIGHT_RING, 70).accept == 30
    assert not lower.bar(RIGHT_RING, 59).relaxed
    assert not lower.bar(LEFT_EYE, 70).relaxed
    with pytest.raises(InputError, match="not raise it"):
        parse_policy(changed('name = "elderly"', 'name = "elderly"\naccept = { finger = 50 }'))
    with pytest.raises(InputError, match="lies above accept"):
        parse_policy(changed('name = "elderly"', 'name = "elderly"\naccept = { finger = 10 }'))


@pytest.mark.parametrize("text", ["[policy", "accept = ", "\x00", "policy = 1"])
def test_what_is_no_policy_at_all(text):
    with pytest.raises(InputError, match=r"ours\.toml"):
        parse_policy(text, "ours.toml")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UnreadableError, match=r"no\.toml"):
        load_policy(tmp_path / "no.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnreadableError, match="UTF-8"):
        load_policy(tmp_path / "binary.toml")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("scorer_version", "2.*", "scorer_version: .*'2.\\*'.*'1.0.0' is installed"),
        ("scorer", "vendor/prints", "scorer: .*vendor/prints"),
    ],
)
def test_thresholds_hold_for_the_scorer_they_were_made_for(key, value, told):
    text = re.sub(rf'^{key} = ".*"$', f'{key} = "{value}"', TEXT, count=1, flags=re.M)
    with pytest.raises(InputError, match=told) as error:
        check_scorers(parse_policy(text), installed_algorithms(), name="ours.toml", text=text)
    assert "ours.toml, line 1" in str(error.value)


def test_the_digest_is_of_the_meaning():
    policy = default_policy()
    respelt = parse_policy(re.sub(r"#.*", "", TEXT).replace(" = ", "=") + "\n# signed\n")
    assert respelt.digest == policy.digest
    assert parse_policy(changed("accept = 40", "accept = 41")).digest != policy.digest
    assert policy_of(json.loads(policy.canonical())).digest == policy.digest
    assert policy.identity()["digest"] == policy.digest
    with pytest.raises(InputError):
        policy_of({"policy": {}})


def test_chip_fingers_and_ages():
    policy = default_policy()
    assert policy.bar(RIGHT_INDEX, None).attempts == 4
    assert policy.bar(RIGHT_INDEX, 60).attempts == 5
    assert policy.bar(FACE, 59).attempts == 3
    assert policy.age_rule(None) is None
    assert policy.age_rule(60).name == "elderly"
    assert policy.time_budget_s(60) == 2 * policy.time_budget_s(None)
    with pytest.raises(InputError, match="finger, iris or face"):
        policy.rules("voice")


def test_check_explains_in_two_languages(tmp_path):
    file = tmp_path / "ours.toml"
    file.write_text(CliRunner().invoke(main, ["policy", "show"]).output, encoding="utf-8")
    for lang, words in (("id", "diterima mulai skor 40"), ("en", "accepted from a score of 40")):
        done = CliRunner().invoke(main, ["policy", "check", str(file), "--lang", lang])
        assert done.exit_code == 0, done.output
        assert words in done.output
        assert default_policy().digest in done.output


def test_check_s_exit_codes(tmp_path):
    file = tmp_path / "ours.toml"
    file.write_text(changed("accept = 40", "acept = 40"), encoding="utf-8")
    done = CliRunner().invoke(main, ["policy", "check", str(file)])
    assert done.exit_code == 2
    assert "ours.toml, line 21: finger.acept" in done.output
    assert CliRunner().invoke(main, ["policy", "check", str(tmp_path / "no")]).exit_code == 3
    file.write_text(changed('scorer_version = "1.0.*"', 'scorer_version = "7.*"'), encoding="utf-8")
    assert CliRunner().invoke(main, ["policy", "check", str(file)]).exit_code == 2
    assert "Traceback" not in done.output


@pytest.mark.parametrize("lang", ["id", "en"])
def test_words_change_with_what_they_explain(lang):
    plain = "\n".join(explain(default_policy(), lang))
    text = changed('name = "elderly"', 'name = "elderly"\naccept = { finger = 30 }')
    text = text.replace('mode = "per_finger"', 'mode = "off"').replace("chip = [", "chip = []#[")
    other = "\n".join(explain(parse_policy(text), lang))
    lowered = {"id": "BATAS DITURUNKAN", "en": "THE BAR IS LOWERED"}[lang]
    assert lowered in other
    assert lowered not in plain
