"""What strangers may send: nothing of it gets in, breaks the centre, or reaches a log."""

import json
import logging
from urllib.parse import quote

import centre_server
import msgspec
import pytest
from centre_server import announce, in_process, put, sealed
from centre_stores import STATION_KEY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ektp_biocheck.delivery.centre.app import make_app
from ektp_biocheck.delivery.centre.refused import REASONS
from ektp_biocheck.delivery.messages import encode
from ektp_biocheck.records.ids import new_record_id

pytest_plugins = ["centre_fixtures"]

NIK = "3313012345678901"
QUICKLY = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
TRAVERSALS = [
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e",
    "....//....//",
    "..\\..\\windows",
    "%00",
    "01890000-0000-7000-8000-000000000000%00.part",
    "01890000-0000-7000-8000-000000000000%0a",
    "01890000-0000-7000-8000-000000000000/../x",
    "01890000-0000-7000-8000-00000000000G",
    "01890000-0000-4000-8000-000000000000",
    "01890000-0000-7000-8000-000000000000".upper().replace("0", "A"),
    "/etc/passwd",
    "CON",
    "a" * 4000,
    NIK,
]


def files(store):
    """Return every file below a store's folder."""
    root = store.disk.stock.parent
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("record_id", TRAVERSALS)
def test_an_id_that_is_none_goes_nowhere(quick, tmp_path, record_id):
    http, before = in_process(make_app(quick)), sorted(tmp_path.rglob("*"))
    one = sealed(STATION_KEY)
    for answer in (
        http.get(f"/v1/records/{record_id}"),
        http.post(
            f"/v1/records/{record_id}", content=encode(one.announcement), headers=one.headers
        ),
        put(http, record_id, b"x"),
    ):
        assert answer.status_code in (404, 405, 422)
        assert answer.json()["code"] in ("not_found", "not_allowed", "bad_id")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("record_id", TRAVERSALS)
def test_an_id_inside_an_announcement_goes_nowhere_either(quick, record_id):
    http, one, before = in_process(make_app(quick)), sealed(STATION_KEY), files(quick)
    for field in ("record_id", "sha256", "station", "supersedes"):
        body = {**msgspec.to_builtins(one.announcement), field: record_id}
        answer = http.post(
            f"/v1/records/{one.record_id}", content=json.dumps(body), headers=one.headers
        )
        if field == "station" and answer.status_code == 403:  # a name, but nobody's
            continue
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert files(quick) == before


@QUICKLY
@given(body=st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_body_that_is_no_message_is_refused(quick, body):
    http, one = in_process(make_app(quick)), sealed(STATION_KEY)
    for answer in (
        http.post(f"/v1/records/{one.record_id}", content=body, headers=one.headers),
        http.post("/v1/inventory", content=body),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


@QUICKLY
@given(
    field=st.sampled_from(["record_id", "sha256", "size", "station", "sequence", "priority", "x"]),
    value=JSON,
)
def test_an_announcement_with_one_wrong_field_is_refused(quick, field, value):
    http, one = in_process(make_app(quick)), sealed(STATION_KEY)
    fields = {**msgspec.to_builtins(one.announcement), field: value}
    answer = http.post(
        f"/v1/records/{one.record_id}", content=json.dumps(fields), headers=one.headers
    )
    # Some values are right by chance: another size, sequence or priority.
    assert answer.status_code in (201, 403, 413, 422)
    if answer.status_code == 201:
        assert field in ("size", "sequence", "priority")
        assert isinstance(value, int)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 16_000,
        b'{"a":' * 3_000,
        b'{"record_id":' + b"[" * 10_000,
        b'{"nonce":"' + b"0" * 64 + b'","items":' + b"[" * 15_000,
        b'{"size":1' + b"0" * 9_000 + b"}",
        b'{"size":1e400}',
        b'{"size":NaN}',
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_deep_and_endless_json_is_refused(quick, body):
    http, one = in_process(make_app(quick)), sealed(STATION_KEY)
    for answer in (
        http.post(f"/v1/records/{one.record_id}", content=body, headers=one.headers),
        http.post("/v1/inventory", content=body),
    ):
        assert answer.status_code in (413, 422)


def hostile_manifests():
    """Yield sealed records whose clear part was made by an enemy who has the station's key."""
    one = sealed(STATION_KEY)
    head = int.from_bytes(one.data[8:12], "big")
    header, rest = one.data[12 : 12 + head], one.data[12 + head :]
    deep = header.replace(b'"manifest":{', b'"manifest":{"x":' + b"[" * 5_000 + b"]" * 5_000 + b",")
    same = one.record_id
    yield "deep", deep, rest, same
    yield "unknown field", header.replace(b'{"', b'{"zzz":1,"', 1), rest, same
    yield "no json", b"\xff" * head, rest, same
    yield "another station", header.replace(b"kec-01", b"kec-02"), rest, same
    yield (
        "traversal",
        header.replace(one.record_id.encode(), b"../../../../../../../../etc/passwd/x"),
        rest,
        new_record_id(),
    )
    yield "twice the same key", header.replace(b'{"', b'{"schema":"x","', 1), rest, same
    yield "length beyond the end", None, one.data[:8] + b"\xff\xff\xff\xff" + one.data[12:], same


@pytest.mark.parametrize("case", list(hostile_manifests()), ids=lambda case: case[0])
def test_a_hostile_manifest_is_refused_even_when_it_is_signed(quick, case):
    from test_centre_intake import as_if

    _, header, rest, record_id = case
    data = rest
    if header is not None:
        signature = STATION_KEY.sign(b"ektp-biocheck sealed record 1\0" + header)
        data = b"EKTPSR1\n" + len(header).to_bytes(4, "big") + header + signature + rest[64:]
    http, one = in_process(make_app(quick)), as_if(sealed(STATION_KEY), data, record_id)
    assert announce(http, one).status_code == 201
    answer = put(http, one.record_id, one.data)
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_seal")


@pytest.mark.parametrize("offset", [None, "", "-1", "x", "٣", "9" * 13, "0x1", "1.0"])
def test_an_offset_that_is_none_is_refused(quick, offset):
    http, one = in_process(make_app(quick)), sealed(STATION_KEY)
    announce(http, one)
    headers = {} if offset is None else {"upload-offset": offset.encode()}
    answer = http.put(f"/v1/records/{one.record_id}/content", content=one.data, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_offset")


def test_nothing_that_was_said_is_logged_or_answered(quick, caplog):
    caplog.set_level(logging.DEBUG)
    http, one = in_process(make_app(quick)), sealed(STATION_KEY)
    name = "Siti Aminah"
    fields = msgspec.to_builtins(one.announcement)
    answers = [
        http.get(f"/v1/records/{NIK}?name={quote(name)}"),
        http.get(f"/v1/{NIK}"),
        http.get(f"/v1/statements?after={NIK}{NIK}"),
        put(http, NIK, name.encode()),
        http.post("/v1/inventory", content=json.dumps({NIK: name})),
        *(
            http.post(
                f"/v1/records/{one.record_id}",
                content=json.dumps({**fields, field: value}),
                headers={**one.headers, "x-person": NIK},
            )
            for field, value in (
                (NIK, name),
                ("station", name),
                ("record_id", NIK),
                ("sha256", NIK),
                ("size", NIK),
            )
        ),
        in_process(make_app(quick), f"{name} {NIK}").get(f"/v1/records/{one.record_id}"),
        announce(http, centre_server.Sealed(one.announcement, b"")),
        put(http, one.record_id, (NIK + name).encode() * 9),
    ]
    ours = [each for each in caplog.records if not each.name.startswith("httpx")]  # the client's
    assert sum(each.name == "ektp_biocheck.centre" for each in ours) >= 10
    said = "".join([*(each.getMessage() for each in ours), *(answer.text for answer in answers)])
    for private in (NIK, name, "Siti", "Aminah", quote(name)):
        assert private not in said


def test_the_document_names_every_address_and_every_refusal(quick):
    http = in_process(make_app(quick), None)
    document = http.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/v1/records/{record_id}",
        "/v1/records/{record_id}/content",
        "/v1/inventory",
        "/v1/statements",
        "/v1/health",
    }
    text = json.dumps(document)
    for name in ("Announcement", "UploadState", "Receipt", "Inventory", "Statement", "Problem"):
        assert name in document["components"]["schemas"]
    elsewhere = {"not_found", "not_allowed", "bad_after", "wrong_offset"}
    for code in REASONS.keys() - elsewhere:
        assert f"`{code}`" in text
    for reference in set(_references(document)):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def _references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def test_there_are_no_pages_that_load_scripts_from_the_internet(quick):
    http = in_process(make_app(quick))
    for address in ("/docs", "/redoc", "/"):
        assert http.get(address).status_code == 404
    assert http.delete(f"/v1/records/{new_record_id()}").status_code == 405
