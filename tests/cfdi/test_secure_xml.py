"""XML that somebody sends on purpose."""

import pytest

import cfdi
from cfdi.secure_xml import MAX_DEPTH, parse_xml
from support import comprobante

_LAUGHS = b"".join(
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ja">',
        *(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)),
        b"]><x>&a9;</x>",
    ]
)
_ATTACKS = {
    "billion laughs": _LAUGHS,
    "laughs in an attribute": _LAUGHS.replace(b"<x>&a9;</x>", b'<x y="&a9;"/>'),
    "external entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>',
    "external dtd": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>',
    "doctype behind a comment": b"<?xml version='1.0'?> <!-- <x> --> <?p ?>\n<!DOCTYPE x [<!ENTITY e 'a'>]><x>&e;</x>",
    "doctype in UTF-16": '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY e "a">]><x>&e;</x>'.encode(
        "utf-16"
    ),
    "too big": b"<x>" + b" " * (16 * 1024 * 1024) + b"</x>",
    "too deep": b"<x>" * (MAX_DEPTH + 1) + b"</x>" * (MAX_DEPTH + 1),
    "far too deep": b"<x>" * 100_000,
    "not closed": b"<x>",
    "empty": b"",
    "not XML": b"%PDF-1.7",
    "latin-1": '<x y="ñ"/>'.encode("latin-1"),
    "endless prologue": b"<?x ?>" * 50_000,
    "open comment": b"<!-- <x/>",
    "null byte": b"<x>\0</x>",
    "unknown entity": b"<x>&nada;</x>",
    "two roots": b"<x/><x/>",
}


@pytest.mark.parametrize("name", _ATTACKS)
def test_refused_with_a_reason(name):
    with pytest.raises(cfdi.UnsafeXml) as error:
        parse_xml(_ATTACKS[name])
    assert str(error.value).startswith("El XML")
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    "call", [cfdi.validate, cfdi.verify_seal, cfdi.cadena_original, cfdi.parse_timbre, cfdi.qr_url]
)
def test_every_reader_of_bytes_is_careful(call):
    with pytest.raises(cfdi.UnsafeXml):
        call(_ATTACKS["external entity"])


@pytest.mark.parametrize(
    "data",
    [
        b"<x/>",
        b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n<x/>",
        "<?xml version='1.0' encoding='ISO-8859-1'?><x y='ñ'/>".encode(),
        b"<x><!-- <!DOCTYPE y> --><![CDATA[<!DOCTYPE z>]]></x>",
        b"<x>" * MAX_DEPTH + b"</x>" * MAX_DEPTH,
    ],
)
def test_harmless_is_read(data):
    assert parse_xml(data).tag == "x"


def test_limit_of_size_can_be_lower():
    with pytest.raises(cfdi.UnsafeXml, match="límite"):
        parse_xml(b"<x/>", max_bytes=3)


def test_text_is_not_bytes():
    with pytest.raises(TypeError):
        parse_xml("<x/>")


def test_control_characters_do_not_reach_the_xml():
    doc = comprobante(Serie="A\x00\x01", CondicionesDePago="uno\x0b dos\x85\xa0tres\x1f")
    root = cfdi.build_xml(doc)
    assert (root.get("Serie"), root.get("CondicionesDePago")) == ("A", "uno dos tres")


def test_characters_that_no_xml_can_carry_are_a_problem():
    with pytest.raises(cfdi.ComprobanteError, match="301"):
        cfdi.build_xml(comprobante(CondicionesDePago="\ud800"))
