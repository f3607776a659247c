"""The package as a whole: what importing it costs, and that its papers agree with each other."""

import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import ektp_biocheck
from ektp_biocheck.opencv import REQUIRED
from ektp_biocheck.records import keys

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = {"cv2", "mediapipe", "numpy", "PIL", "rich", "scipy", "skimage"}


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def loaded_after(code):
    """Return the top-level modules that a new process holds after running `code`."""
    code = f"{code}\nimport sys; print('\\n'.join(sys.modules), file=sys.stderr)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603
    return {name.partition(".")[0] for name in done.stderr.splitlines()}


def test_importing_the_package_loads_nothing_heavy():
    loaded = loaded_after("import ektp_biocheck")
    assert "ektp_biocheck" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("command", [[], ["score"], ["batch"], ["demo"]])
def test_help_loads_nothing_heavy(command):
    code = (
        f"from ektp_biocheck.cli import main\nmain({[*command, '--help']}, standalone_mode=False)"
    )
    loaded = loaded_after(code)
    assert "click" in loaded
    assert not loaded & (HEAVY | {"multiprocessing"})


@pytest.mark.parametrize("name", sorted(ektp_biocheck.__all__))
def test_every_public_name_loads(name):
    assert getattr(ektp_biocheck, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'fingre'"):
        ektp_biocheck.fingre  # noqa: B018


def test_the_installed_version_is_the_one_in_the_code():
    assert importlib.metadata.version("ektp-biocheck") == ektp_biocheck.__version__


def test_the_changelog_tells_of_this_version():
    changelog = text_of("CHANGELOG.md")
    assert re.search(
        rf"^## \[({re.escape(ektp_biocheck.__version__)}|Unreleased)\]", changelog, re.M
    )


def locked():
    """Return {name: {versions}} of requirements.lock."""
    found = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text_of("requirements.lock"), re.M):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def test_the_lock_fits_every_dependency():
    switched_off = {
        canonicalize_name(Requirement(line).name)
        for line in PROJECT["tool"]["uv"]["override-dependencies"]
    }
    pins = locked()
    assert not set(pins) & switched_off
    for line in PROJECT["project"]["dependencies"]:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        if name not in switched_off:
            assert pins[name], name
            assert all(version in requirement.specifier for version in pins[name]), name


def test_every_locked_package_has_hashes():
    text = text_of("requirements.lock")
    packages = re.split(r"^(?=[\w.-]+==)", text, flags=re.M)[1:]
    assert len(packages) > 20
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", package) for package in packages)


def test_one_opencv_version_everywhere():
    pins = [line for line in PROJECT["project"]["dependencies"] if line.startswith("opencv")]
    assert pins
    assert {line.partition("==")[2] for line in pins} == {f"{REQUIRED}.86"}
    assert locked()["opencv-python-headless"] == {f"{REQUIRED}.86"}


def test_no_text_names_where_packages_are_downloaded_from():
    # Offices mirror packages inside; the parts are apart so that this file passes too.
    hosts = re.compile(
        "|".join(
            (
                r"pypi" + r"\.org",
                "python" + "hosted",
                r"--index" + "-url",
                r"\[\[tool\.uv\." + "index",
            )
        )
    )
    texts = [
        path
        for path in [*ROOT.glob("*"), *ROOT.glob(".ci/*"), *ROOT.rglob("*.md"), *ROOT.rglob("*.py")]
        if path.is_file() and path.name != "uv.lock" and ".venv" not in path.parts
    ]
    assert len(texts) > 20
    assert [path for path in texts if hosts.search(path.read_text(encoding="utf-8"))] == []


def test_the_readme_begins_with_the_two_commands():
    blocks = re.findall(r"^```sh\n(.*?)^```", text_of("README.md"), re.M | re.S)
    first, second = "".join(blocks).splitlines()[:2]
    assert first == "pip install uv && uv run ektp-biocheck demo"
    assert second == "uv run --group dev pytest"


def test_the_readme_shows_what_the_demo_prints():
    spec = importlib.util.spec_from_file_location("build_readme", ROOT / "docs" / "build_readme.py")
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    # A point of score may differ with the processor; the words and the order may not.
    shown, printed = (
        re.sub(r" +\d+(?=  )", " N", text)
        for text in (builder.printed_in_readme(), builder.printed_by_demo())
    )
    assert shown == printed, "run: python docs/build_readme.py"


def blocks_of(language):
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, text_of("README.md"), re.MULTILINE | re.DOTALL)


def test_the_python_of_the_readme_runs(monkeypatch, capsys, tmp_path):
    scoring, capturing = blocks_of("python")
    if "station.seal" in scoring:
        scoring, capturing = capturing, scoring
    names = {}
    monkeypatch.chdir(ROOT)
    exec(compile(scoring, "README.md", "exec"), names)  # noqa: S102 - our own text
    assert "FP_DRY" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    keys.make_station_keys(Path("data/keys"))
    keys.make_centre_keys(Path("centre"))
    Path("data/keys/centre-seal.pub").write_bytes(Path("centre/centre-seal.pub").read_bytes())
    exec(compile(capturing, "README.md", "exec"), {"pixels": names["sample"].pixels})  # noqa: S102
    assert capsys.readouterr().out.strip() == "ACCEPT"
    assert len(list(Path("data/sealed").glob("*.sealed"))) == 1


def test_the_readme_shows_what_the_example_station_prints():
    shown = blocks_of("text")[1]
    assert shown in text_of("docs/station-example.txt")


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], ids=lambda page: page.name
)
def test_every_link_between_pages_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
