"""Constancias de Situación Fiscal: the layouts that PDF libraries make of them, and files that are none."""

import zlib
from datetime import date

import pytest

from cfdi import catalogs, pdf_text
from cfdi.constancia import ConstanciaError, fold, read_constancia, state_key
from cfdi.pdf_text import PdfError
from constancias import ADDRESS, FISICA, FOOT, MORAL, REGIMES_FISICA, REGIMES_MORAL, lines, pdf

# How libraries deliver one and the same page.
LAYOUTS = {
    "a line each": lambda text: text,
    "labels and values on lines of their own": None,
    "two columns": None,
    "everything on one line": lambda text: text.replace("\n", " "),
    "lost spaces after the colon": lambda text: text.replace(": ", ":"),
    "lost spaces inside the labels": lambda text: text.replace("Nombre de ", "Nombrede").replace("Código ", "Código"),
    "a value stuck to the next label": lambda text: text.replace("\nNombre de la Entidad", "Nombre de la Entidad"),
    "columns far apart": lambda text: text.replace(" ", "     "),
    "labels broken over lines": lambda text: text.replace("Demarcación ", "Demarcación\n").replace("(s)", "\n(s)"),
    "decomposed accents": lambda text: text.replace("ó", "o\u0301").replace("é", "e\u0301").replace("Ú", "U\u0301"),
    "small letters in the labels": lambda text: text.replace("Nombre", "nombre"),
    "no foot": None,
}


def text_of(layout, person, regimes):
    options = {
        "labels and values on lines of their own": {"separate": True},
        "two columns": {"pairs": True},
        "no foot": {"foot": False},
    }.get(layout, {})
    change = LAYOUTS[layout] or (lambda text: text)
    return change("\n".join(lines(person, regimes, **options)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_natural_person(layout):
    constancia = read_constancia(text_of(layout, FISICA, REGIMES_FISICA))
    assert constancia.rfc == "ROVL850412QK0"
    assert constancia.curp == "ROVL850412MDFXLC03"
    assert (constancia.nombre, constancia.apellidos) == ("LUCÍA", "ROBLEDO VELÁZQUEZ")
    assert constancia.legal_name == "LUCÍA ROBLEDO VELÁZQUEZ"
    assert constancia.nombre_comercial == "PAPELERÍA LA ESQUINA"
    assert constancia.estatus == "ACTIVO"
    assert constancia.is_fisica
    assert [(regimen.code, regimen.start, regimen.end) for regimen in constancia.regimenes] == [
        ("605", date(2008, 2, 1), date(2012, 12, 31)),
        ("612", date(2010, 4, 12), None),
        ("606", date(2020, 1, 1), None),
    ]
    assert constancia.regimen_codes == ("612", "606"), "the one that has ended is not in force"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_company(layout):
    constancia = read_constancia(text_of(layout, MORAL, REGIMES_MORAL))
    assert constancia.rfc == "FIN190304KB1"
    assert constancia.legal_name == "FLORES INVENTADAS DEL NORTE"
    assert constancia.regimen_capital == "SOCIEDAD ANONIMA DE CAPITAL VARIABLE"
    assert constancia.nombre_comercial == ""
    assert constancia.regimen_codes == ("601",)
    assert not constancia.is_fisica


@pytest.mark.parametrize("layout", LAYOUTS)
def test_address(layout):
    constancia = read_constancia(text_of(layout, MORAL, REGIMES_MORAL))
    assert (
        constancia.codigo_postal,
        constancia.tipo_vialidad,
        constancia.vialidad,
        constancia.numero_exterior,
        constancia.numero_interior,
        constancia.colonia,
        constancia.localidad,
        constancia.municipio,
        constancia.entidad,
    ) == ("06700", "CALLE", "DURANGO", "123", "4 B", "ROMA NORTE", "", "CUAUHTÉMOC", "CIUDAD DE MÉXICO")


def test_names_and_dates_of_the_table_apart():
    text = text_of("a line each", FISICA, [])
    table = "\n".join([row[0] for row in REGIMES_FISICA[1:]] + [row[1] for row in REGIMES_FISICA[1:]])
    text = text.replace("Régimen Fecha Inicio Fecha Fin", f"Régimen Fecha Inicio Fecha Fin\n{table}")
    assert set(read_constancia(text).regimen_codes) == {"612", "606"}


@pytest.mark.parametrize("code", catalogs.REGIMEN_PERSONAS)
def test_every_regimen_by_its_name(code):
    name = catalogs.regimen_name(code)
    for written in (name, f"Régimen de las {name}", f"Régimen de los {name.upper()}", fold(name)):
        text = text_of("a line each", MORAL, [(written, "04/03/2019", "")])
        assert read_constancia(text).regimen_codes == (code,), written


def test_unknown_regimen_is_told_and_not_guessed():
    regimes = read_constancia(text_of("a line each", MORAL, [("Régimen Inventado", "04/03/2019", "")])).regimenes
    assert [(regimen.code, regimen.name) for regimen in regimes] == [("", "Régimen Inventado")]


def test_no_trade_name():
    for written in ("*SIN NOMBRE COMERCIAL*", "N/A", "- "):
        person = [(label, written if label == "Nombre Comercial:" else value) for label, value in MORAL]
        assert read_constancia("\n".join(lines(person, REGIMES_MORAL))).nombre_comercial == "", written


def test_rfc_with_enie_and_ampersand():
    from stdnum.mx import rfc

    for base in ("Ñ&A010203AB", "ÑUÑA800101AB"):
        number = base + rfc.calc_check_digit(base)
        person = [(label, number if label == "RFC:" else value) for label, value in MORAL + FISICA[2:5]]
        assert read_constancia("\n".join(lines(person, REGIMES_MORAL))).rfc == number


@pytest.mark.parametrize(
    ("names", "same"),
    [
        (("Coahuila", "COAHUILA DE ZARAGOZA"), True),
        (("Michoacán", "MICHOACAN DE OCAMPO"), True),
        (("Veracruz", "VERACRUZ DE IGNACIO DE LA LLAVE"), True),
        (("Querétaro", "QUERETARO DE ARTEAGA"), True),
        (("México", "ESTADO DE MÉXICO"), True),
        (("Ciudad de México", "DISTRITO FEDERAL"), True),
        (("México", "CIUDAD DE MEXICO"), False),
        (("Baja California", "BAJA CALIFORNIA SUR"), False),
    ],
)
def test_states(names, same):
    assert (state_key(names[0]) == state_key(names[1])) is same


NO_CONSTANCIA = {
    "empty": ("", "no se encontró un RFC"),
    "another document": ("FACTURA A-1 Total 1,160.00", "no se encontró un RFC"),
    "labels without values": ("\n".join(label for label, _value in FISICA + ADDRESS), "no se encontró un RFC"),
    "wrong check digit": ("RFC: ROVL850412QK9 Nombre (s): LUCÍA Primer Apellido: ROBLEDO", "no se encontró un RFC"),
    "two taxpayers and no label": ("ROVL850412QK0 FIN190304KB1 LUCÍA", "varios RFC"),
    "RFC alone": ("RFC: ROVL850412QK0 CURP:", "falta el nombre"),
    "a company without its name": ("RFC: FIN190304KB1 Nombre (s): LUCÍA", "falta el nombre"),
    "a name that never ends": ("RFC: FIN190304KB1 Denominación/Razón Social: " + "A" * 300, "falta el nombre"),
    "labels by the thousand": ("RFC:" * 50_000, "no se encontró un RFC"),
    "dates by the thousand": ("Regímenes:" + "a 01/01/2020 " * 20_000, "no se encontró un RFC"),
    "almost a foot": ("Av. Hidalgo 77 " * 5_000, "no se encontró un RFC"),
}


@pytest.mark.parametrize("case", NO_CONSTANCIA)
def test_no_constancia(case):
    text, message = NO_CONSTANCIA[case]
    with pytest.raises(ConstanciaError, match=message):
        read_constancia(text)


def test_impossible_dates_do_not_matter():
    text = text_of("a line each", MORAL, [("Régimen General de Ley Personas Morales", "99/99/2019", "")])
    (regimen,) = read_constancia(text).regimenes
    assert (regimen.code, regimen.start) == ("601", None)


@pytest.mark.parametrize("person", ["FISICA", "MORAL"])
def test_pdf(person):
    data = pdf(lines(*{"FISICA": (FISICA, REGIMES_FISICA), "MORAL": (MORAL, REGIMES_MORAL)}[person]))
    texts = pdf_text.pdf_text(data)
    assert len(texts) == 2, "as plain text and as laid out"
    readings = {read_constancia(text) for text in texts}
    assert len(readings) == 1, "both ways of reading tell the same"
    assert readings.pop().municipio == "CUAUHTÉMOC"


def test_pdf_with_an_owner_password_only():
    from reportlab.lib.pdfencrypt import StandardEncryption

    data = pdf(lines(MORAL, REGIMES_MORAL), encrypt=StandardEncryption("", ownerPassword="x", canModify=0))
    assert read_constancia(pdf_text.pdf_text(data)[0]).rfc == "FIN190304KB1"


def bomb(size):
    """A PDF whose page inflates to `size` bytes of text operators."""
    stream = zlib.compress(b"BT /F1 8 Tf (A) Tj ET\n" * (size // 22), 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body = b"%PDF-1.4\n"
    for number, content in enumerate(objects, start=1):
        body += b"%d 0 obj%sendobj\n" % (number, content)
    return body + b"trailer<</Root 1 0 R>>\n%%EOF"


BAD_PDFS = {
    "no PDF": (lambda: b"hello", "no es un PDF"),
    "header alone": (lambda: b"%PDF-1.7\n", "dañado"),
    "cut short": (lambda: pdf(lines(MORAL, REGIMES_MORAL))[:900], "dañado|no trae texto"),
    "rubbish inside": (lambda: b"%PDF-1.7\n" + bytes(range(256)) * 40, "dañado"),
    "too big": (lambda: b"%PDF-1.7\n" + b" " * pdf_text.MAX_BYTES, "el límite es"),
    "too many pages": (lambda: pdf(["x"], pages=pdf_text.MAX_PAGES + 1), "páginas"),
    "a scan": (lambda: pdf([]), "imagen escaneada"),
    "a password": (lambda: pdf(["x"], encrypt="secreto"), "contraseña"),
    "pages that are their own children": (
        lambda: pdf(["x"]).replace(b"/Kids [ ", b"/Kids [ 1 0 R 2 0 R 3 0 R 4 0 R 5 0 R 6 0 R "),
        "dañado|más memoria|no trae texto",
    ),
}


@pytest.mark.parametrize("case", BAD_PDFS)
def test_bad_pdf(case):
    make, message = BAD_PDFS[case]
    with pytest.raises(PdfError, match=message):
        pdf_text.pdf_text(make())


def test_pdf_bomb_ends_its_own_process_only():
    data = bomb(600 * 1024 * 1024)
    assert len(data) < 4 * 1024 * 1024, "small enough to be let in"
    with pytest.raises(PdfError, match=r"más memoria|dañado"):
        pdf_text.pdf_text(data, seconds=8)


def test_the_worker_sees_no_secrets(monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "secreto")
    seen = {}

    def run(command, **options):
        seen.update(options["env"], command=command)
        raise pdf_text.subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(pdf_text.subprocess, "run", run)
    with pytest.raises(PdfError, match="tiempo"):
        pdf_text.pdf_text(pdf(["x"]))
    assert "PGPASSWORD" not in seen
    assert "-I" in seen["command"]


def test_foot_is_not_an_address():
    constancia = read_constancia("\n".join(lines(MORAL, REGIMES_MORAL)))
    values = " ".join(str(value) for value in (constancia.vialidad, constancia.colonia, constancia.numero_exterior))
    assert not any(part in values for part in FOOT)
