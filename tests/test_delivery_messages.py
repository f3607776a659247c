"""Messages between station and centre: what is taken in, what is signed, what is refused."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ektp_biocheck.delivery.messages import (
    Announcement,
    FinalStatus,
    Inventory,
    MessageError,
    Receipt,
    Statement,
    UploadState,
    canonical,
    decode,
    encode,
    identity,
    sign,
    verified,
)

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
HASH = "ab" * 32
AT = "2026-01-05T08:00:00.000Z"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEYS = {"pusat": KEY.public_key()}


def receipt(**changes):
    fields = {
        "record_id": ID,
        "sha256": HASH,
        "size": 9,
        "centre": "pusat",
        "sequence": 1,
        "at": AT,
    }
    return Receipt(**(fields | changes))


def announcement(**changes):
    fields = {"record_id": ID, "sha256": HASH, "size": 9, "station": "kec-01", "sequence": 4}
    return Announcement(**(fields | changes))


def test_a_message_survives_the_wire():
    signed = sign(receipt(), KEY)
    assert decode(encode(signed), Receipt) == signed
    assert decode(encode([signed, signed]), list[Receipt]) == [signed, signed]


def test_canonical_form_does_not_depend_on_order():
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    assert canonical({"a": "é", "b": 1}) == canonical({"b": 1, "a": "é"})
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})


@pytest.mark.parametrize(
    "record_id",
    [
        "../../etc/passwd",
        ID + "\n",
        ID.upper(),
        "",
        ID.replace("-7", "-4"),
        ID + "/..",
        "\x00" * 36,
    ],
)
def test_a_record_id_cannot_be_a_path(record_id):
    with pytest.raises(MessageError, match="regex"):
        decode(encode(announcement(record_id=record_id)), Announcement)


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "AB" * 32},
        {"sha256": "ab" * 31},
        {"size": 0},
        {"size": -1},
        {"size": 1 << 40},
        {"size": True},
        {"size": 1.5},
        {"station": "a/b"},
        {"station": ".."},
        {"station": "3201011212900001\n"},
        {"sequence": -1},
        {"sequence": 1 << 60},
        {"priority": 10},
        {"audit_head": "x"},
        {"supersedes": "x"},
    ],
)
def test_a_field_out_of_bounds_is_refused(changes):
    fields = json.loads(encode(announcement())) | changes
    with pytest.raises(MessageError):
        decode(json.dumps(fields).encode(), Announcement)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"<html>login</html>", b'{"offset": 1e400}',
     b'{"offset": 1, "receipt": ' + b'{"via":[' * 50_000],
)  # fmt: skip
def test_nonsense_is_refused_by_name_not_by_traceback(data):
    with pytest.raises(MessageError, match="not a message that was agreed on"):
        decode(data, UploadState)


def test_a_refusal_does_not_repeat_what_was_sent():
    data = b'{"offset": 1, "3201011212900001": "Siti"}'
    with pytest.raises(MessageError) as refusal:
        decode(data, UploadState)
    assert "3201011212900001" not in str(refusal.value)
    assert "Siti" not in str(refusal.value)


def test_the_same_key_may_announce_another_audit_head_but_no_other_bytes():
    first = identity(announcement())
    assert first == identity(announcement(audit_head=HASH, priority=1, sequence=5))
    for changes in ({"size": 8}, {"station": "kec-02"}, {"supersedes": ID}):
        assert identity(announcement(**changes)) != first


def test_a_receipt_is_believed_only_from_its_signer():
    signed = sign(receipt(), KEY)
    assert verified(signed, KEYS) is signed
    for changes in (
        {"sha256": "cd" * 32},
        {"size": 10},
        {"at": AT.replace("8", "9")},
        {"signature": ""},
        {"signature": "ä"},
    ):
        with pytest.raises(MessageError, match="signature of pusat is wrong"):
            verified(replace(signed, **changes), KEYS)
    with pytest.raises(MessageError, match="kabupaten, whose key is not configured"):
        verified(replace(signed, centre="kabupaten"), KEYS)
    with pytest.raises(MessageError, match="is wrong"):
        verified(sign(receipt(), Ed25519PrivateKey.from_private_bytes(b"x" * 32)), KEYS)


def test_what_is_signed_is_the_kind_and_every_field_in_canonical_form():
    """So that a centre in another language can sign too."""
    fields = json.loads(encode(sign(receipt(), KEY)))
    signature = base64.b64decode(fields.pop("signature"))
    text = json.dumps({"kind": "receipt"} | fields, sort_keys=True, separators=(",", ":"))
    KEY.public_key().verify(signature, text.encode())


def test_a_receipt_cannot_be_passed_off_as_another_message():
    said = sign(
        Statement(centre="pusat", sequence=1, record_id=ID, sha256=HASH, at=AT,
                  status=FinalStatus.PRINT_READY), KEY
    )  # fmt: skip
    fields = json.loads(encode(said))
    same = receipt(signature=fields["signature"])
    with pytest.raises(MessageError, match="is wrong"):
        verified(same, KEYS)


def test_a_chain_of_receipts_is_verified_to_its_end():
    office = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    keys = KEYS | {"kabupaten": office.public_key()}
    last = sign(receipt(), KEY)
    chained = sign(receipt(centre="kabupaten", via=(last,)), office)
    assert verified(chained, keys).via == (last,)
    forged = sign(receipt(centre="kabupaten", via=(replace(last, size=1),)), office)
    with pytest.raises(MessageError, match="signature of pusat is wrong"):
        verified(forged, keys)
    elsewhere = sign(receipt(sha256="cd" * 32), KEY)
    with pytest.raises(MessageError, match="chained a receipt for another record"):
        verified(sign(receipt(centre="kabupaten", via=(elsewhere,)), office), keys)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(data):
    for kind in (Announcement, UploadState, Inventory, list[Statement]):
        try:
            decode(data, kind)
        except MessageError:
            continue
        assert data.strip() == b"[]"
