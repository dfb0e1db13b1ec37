"""Constancias of invented taxpayers, as PDFs and as the texts that libraries take out of them."""

from __future__ import annotations

import io

from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

FISICA = [
    ("RFC:", "ROVL850412QK0"),
    ("CURP:", "ROVL850412MDFXLC03"),
    ("Nombre (s):", "LUCÍA"),
    ("Primer Apellido:", "ROBLEDO"),
    ("Segundo Apellido:", "VELÁZQUEZ"),
    ("Fecha inicio de operaciones:", "12 DE ABRIL DE 2010"),
    ("Estatus en el padrón:", "ACTIVO"),
    ("Fecha de último cambio de estado:", "12 DE ABRIL DE 2010"),
    ("Nombre Comercial:", "PAPELERÍA LA ESQUINA"),
]
MORAL = [
    ("RFC:", "FIN190304KB1"),
    ("Denominación/Razón Social:", "FLORES INVENTADAS DEL NORTE"),
    ("Régimen Capital:", "SOCIEDAD ANONIMA DE CAPITAL VARIABLE"),
    ("Nombre Comercial:", ""),
    ("Fecha inicio de operaciones:", "04 DE MARZO DE 2019"),
    ("Estatus en el padrón:", "ACTIVO"),
    ("Fecha de último cambio de estado:", "04 DE MARZO DE 2019"),
]
ADDRESS = [
    ("Código Postal:", "06700"),
    ("Tipo de Vialidad:", "CALLE"),
    ("Nombre de Vialidad:", "DURANGO"),
    ("Número Exterior:", "123"),
    ("Número Interior:", "4 B"),
    ("Nombre de la Colonia:", "ROMA NORTE"),
    ("Nombre de la Localidad:", ""),
    ("Nombre del Municipio o Demarcación Territorial:", "CUAUHTÉMOC"),
    ("Nombre de la Entidad Federativa:", "CIUDAD DE MÉXICO"),
    ("Entre Calle:", "MONTERREY"),
    ("Y Calle:", "MEDELLÍN"),
    ("Correo Electrónico:", "buzon@ejemplo.mx"),
    ("Tel. Fijo Lada:", "55"),
    ("Número:", "55550101"),
]
FOOT = (
    "Página [1] de [3]",
    "Contacto",
    "Av. Hidalgo 77, col. Guerrero, C.P. 06300, Ciudad de México.",
    "Atención telefónica desde cualquier parte del país:",
    "MarcaSAT 55 627 22 728 y para el exterior del país",
    "(+52) 55 627 22 728",
)
REGIMES_FISICA = [
    ("Régimen de Sueldos y Salarios e Ingresos Asimilados a Salarios", "01/02/2008", "31/12/2012"),
    ("Régimen de las Personas Físicas con Actividades Empresariales y Profesionales", "12/04/2010", ""),
    ("Régimen de Arrendamiento", "01/01/2020", ""),
]
REGIMES_MORAL = [("Régimen General de Ley Personas Morales", "04/03/2019", "")]


def lines(person, regimes, *, separate=False, pairs=False, foot=True):
    """The lines of a Constancia.

    separate: each label and each value on a line of its own. pairs: two labels with their values a line, as in the
    columns of the SAT's address. foot: the foot of a page in the middle of the address.
    """
    fields = [*person, ("Datos del domicilio registrado", "")]
    rows = []
    for label, value in fields:
        rows += [label, value] if separate else [f"{label} {value}".strip()]
    cells = []
    for label, value in ADDRESS:
        cells += [label, value] if separate else [f"{label} {value}".strip()]
    if pairs:
        cells = [" ".join(cells[position : position + 2]) for position in range(0, len(cells), 2)]
    if foot:
        cells[4:4] = FOOT
    table = ["Regímenes:", "Régimen Fecha Inicio Fecha Fin"]
    for row in regimes:
        table += list(filter(None, row)) if separate else [" ".join(filter(None, row))]
    rfc = person[0][1]
    return [
        "CÉDULA DE IDENTIFICACIÓN FISCAL",
        rfc,
        "Registro Federal de Contribuyentes",
        "Nombre, denominación o razón",
        "social",
        "idCIF: 19030400001",
        "VALIDA TU INFORMACIÓN FISCAL",
        "CONSTANCIA DE SITUACIÓN FISCAL",
        "Lugar y Fecha de Emisión",
        "CUAUHTÉMOC, CIUDAD DE MÉXICO A 05 DE ENERO DE 2026",
        rfc,
        "Datos de Identificación del Contribuyente:",
        *filter(None, rows),
        *filter(None, cells),
        "Actividades Económicas:",
        "Orden Actividad Económica Porcentaje Fecha Inicio Fecha Fin",
        "1 Comercio al por menor de artículos de papelería 100 12/04/2010",
        *table,
        "Obligaciones:",
        "Descripción de la Obligación Descripción Vencimiento Fecha Inicio Fecha Fin",
        "Pago definitivo mensual de IVA. A más tardar el día 17 12/04/2010",
        "Sus datos personales son incorporados y protegidos en los sistemas del SAT",
        "Cadena Original Sello: ||2026/01/05|ROVL850412QK0|CONSTANCIA DE SITUACIÓN FISCAL||",
        "Sello Digital: abc==",
    ]


def pdf(text_lines, *, pages=1, encrypt=None):
    """A PDF with those lines on its first page."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=letter, encrypt=encrypt)
    for _page in range(pages):
        height = 760
        for line in text_lines:
            canvas.setFont("Helvetica", 8)
            canvas.drawString(40, height, line)
            height -= 11
        text_lines = ()
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()
