"""What the office knows, and what names say: read strictly, or not at all."""

import contextlib

import pytest
from batch_captures import ridges, rows, run_here, save, summary
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.batch.manifest import COLUMNS, read_manifest
from ektp_biocheck.batch.naming import told_by_name
from ektp_biocheck.batch.outcome import Options
from ektp_biocheck.batch.results import read_run
from ektp_biocheck.batch.run import How
from ektp_biocheck.errors import InputError

HEADER = ",".join(COLUMNS)
FULL = "3313/0001.png,finger,right_index,500,3313-02,FS88H,op-17,18-59,2026-11-03T09:15,7d1f"


@pytest.fixture
def written(tmp_path):
    def write(text, encoding="utf-8"):
        file = tmp_path / "manifest.csv"
        file.write_bytes(text.encode(encoding))
        return file

    return write


def test_a_line_says_all_that_is_known(written):
    facts = read_manifest(written(f"{HEADER}\n{FULL}\n")).facts["3313/0001.png"]
    assert facts.to_dict() == {
        "modality": "finger",
        "position": "right_index",
        "ppi": 500.0,
        "station": "3313-02",
        "device": "FS88H",
        "operator": "op-17",
        "age_band": "18-59",
        "captured_at": "2026-11-03T09:15:00",
        "person": "7d1f",
    }


def test_as_a_spreadsheet_set_to_indonesian_writes_it(written):
    text = "path;position;ppi\r\n\r\n a\\b.png ;telunjuk kanan;500,0\r\n"
    facts = read_manifest(written(text, "utf-8-sig")).facts
    assert facts["a/b.png"].to_dict() == {
        "modality": "finger",
        "position": "right_index",
        "ppi": 500.0,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("modality\nfinger\n", "line 1: the column path is missing"),
        ("", "line 1: the column path is missing"),
        ("path,oprator\na,b\n", r"line 1, column 2: no column 'oprator': did you mean operator\?"),
        ("path,path\na,b\n", "line 1, column 2: path stands there twice"),
        ("path,ppi\na.png,500\na.png,500\n", "line 3, column path: the file of line 2 again"),
        ("path,ppi\na.png\n", "line 2: 1 cells where the header has 2"),
        ("path,ppi\na.png,fast\n", "line 2, column ppi: 'fast' is no number"),
        ("path,ppi\n\na.png,72\n", "line 3, column ppi: pixels per inch are 100 to 4000"),
        ("path,ppi\na.png,nan\n", "line 2, column ppi"),
        ("path,modality\na.png,thumb\n", "line 2, column modality: 'thumb' is no modality"),
        ("path,modality,position\na.png,iris,thumb\n", "line 2, column position: no eye"),
        ("path,modality,position\na.png,face,left\n", "column position: a face has no position"),
        ("path,position\na.png,2\n", "column position: a number needs the modality"),
        ("path,age_band\na.png,17 years\n", "column age_band: .* is no age band"),
        ("path,age_band\na.png,60-17\n", "column age_band"),
        ("path,captured_at\na.png,yesterday\n", "column captured_at: 'yesterday' is no time"),
        ("path,person\na.png,3313021203900001\n", "column person: this looks like a NIK"),
        ("path,operator\na.png,id-3313021203900001-x\n", "column operator: .* NIK"),
        ("path,station\na.png,\x1b[31m\n", "column station: give at most 80 plain"),
        ("path\n/etc/passwd\n", "column path: give the path relative"),
        ("path\n../a.png\n", "column path: give the path relative"),
        ("path\nC:\\a.png\n", "column path: give the path relative"),
        ('path,ppi\n"a.png,500\n', "line 2"),
    ],
)
def test_a_mistake_is_named_with_line_and_column(written, text, said):
    with pytest.raises(InputError, match=f"manifest.csv, {said}" if "line" in said else said):
        read_manifest(written(text))


def test_a_mistake_never_repeats_a_nik(written):
    with pytest.raises(InputError) as told:
        read_manifest(written("path,captured_at\na.png,3313021203900001\n"))
    assert "33130" not in str(told.value)


def test_other_encodings_are_named_with_the_line(written):
    with pytest.raises(InputError, match="line 3: this is not UTF-8"):
        read_manifest(written("path,station\na.png,x\nb.png,\xe9\n", "latin-1"))


def test_a_manifest_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_manifest(tmp_path / "gone.csv")


@given(st.text(max_size=200))
def test_whatever_is_written_there_it_is_read_or_refused_in_words(tmp_path_factory, text):
    file = tmp_path_factory.mktemp("m") / "manifest.csv"
    file.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    with contextlib.suppress(InputError):
        read_manifest(file)


def test_files_and_lines_are_all_rows(tmp_path):
    folder = tmp_path / "captures"
    save(folder / "listed.png", ridges(1), ppi=None)
    save(folder / "extra.png", ridges(2))
    lines = [
        "path,position,ppi,station,age_band",
        "listed.png,left_thumb,500,3313-02,60+",
        "gone.png,right_thumb,500,3313-02,60+",
        "slap.png,right_four,500,3313-02,",
    ]
    save(folder / "slap.png", ridges(3))
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join(lines))
    out = tmp_path / "out"
    run_here(folder, out, Options(), How(workers=1, manifest=manifest))
    table = rows(out)
    assert list(table) == ["extra.png", "gone.png", "listed.png", "slap.png"]
    assert table["listed.png"]["status"] == "OK"
    assert table["listed.png"]["ppi"] == "500"
    assert table["listed.png"]["position"] == "left_thumb"
    assert table["listed.png"]["station"] == "3313-02"
    assert table["gone.png"]["status"] == "UNREADABLE"
    assert table["gone.png"]["failure_code"] == "NOT_THERE"
    assert table["gone.png"]["age_band"] == "60+"
    assert table["slap.png"]["status"] == "FAILURE_TO_ASSESS"
    assert table["slap.png"]["failure_code"] == "SLAP"
    assert table["extra.png"]["station"] == ""
    assert summary(out)["manifest_sha256"]
    (row,) = (row for row in read_run(out).rows if row.path == "listed.png")
    assert (row.station, row.ppi, row.position, row.person) == ("3313-02", 500, "left_thumb", None)


def test_new_facts_change_the_rows_without_scoring_again(tmp_path):
    folder, out = tmp_path / "captures", tmp_path / "out"
    save(folder / "a.png", ridges(1))
    for station in ("one", "two"):
        manifest = tmp_path / "manifest.csv"
        manifest.write_text(f"path,station\na.png,{station}\n")
        run_here(folder, out, Options(), How(workers=1, manifest=manifest))
        assert rows(out)["a.png"]["station"] == station
    assert summary(out)["kept_from_earlier_runs"] == 1


@pytest.mark.parametrize(
    ("path", "modality", "position"),
    [
        ("3313/iris/left_eye.png", "iris", "left_eye"),
        ("right_index_clean.png", "finger", "right_index"),
        ("leftIndex.wsq", "finger", "left_index"),
        ("LEFT_INDEX.bmp", "finger", "left_index"),
        ("RightThumb2.bmp", "finger", "right_thumb"),
        ("sidik_jari/telunjuk kanan.bmp", "finger", "right_index"),
        ("jari_manis_kiri_2.png", "finger", "left_ring"),
        ("empat jari kanan.png", "finger", "right_four"),
        ("mata kiri.jpg", "iris", "left_eye"),
        ("iris/P001/R/x.png", "iris", "right_eye"),
        ("iris/kanan/3.png", "iris", "right_eye"),
        ("finger/R2.png", "finger", "right_index"),
        ("finger/finger_07.png", "finger", "left_index"),
        ("wajah/0007.jpg", "face", None),
        ("finger/07.png", "finger", None),  # the seventh capture, or the left index
        ("101_7.png", None, None),
        ("R2.png", None, None),
        ("left.png", None, None),
        ("left_right_eye.png", "iris", None),
        ("face_and_finger.png", None, None),
        ("blank_glass.png", None, None),
        ("surface.png", None, None),
    ],
)
def test_a_name_tells_what_it_tells_clearly(path, modality, position):
    told = told_by_name(path)
    assert (told.modality, told.position) == (modality, position)


def test_a_name_never_contradicts_what_is_known():
    assert told_by_name("left_eye.png", "finger").position is None
    assert told_by_name("a/R2.png", "finger").position == "right_index"
    assert told_by_name("right_thumb.png", "face").position is None


@given(st.text(max_size=60))
def test_whatever_the_name_it_is_read(path):
    assert told_by_name(path).modality in (None, "finger", "iris", "face")
