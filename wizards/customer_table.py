"""A table that somebody pasted or uploaded, as rows of texts. Pure: bytes or text in, lists of texts out."""

import csv
import io
import zipfile
from itertools import islice

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 1000
MAX_INFLATED = 50 * 1024 * 1024  # of a spreadsheet, which is a ZIP file
COLUMNS = ("name", "vat", "email", "phone")
# Heads that people write over their columns, folded to small letters without marks.
HEADS = {
    "name": "name",
    "nombre": "name",
    "nombre del cliente": "name",
    "cliente": "name",
    "sucursal": "name",
    "customer": "name",
    "rfc": "vat",
    "vat": "vat",
    "tax id": "vat",
    "correo": "email",
    "correo electronico": "email",
    "e-mail": "email",
    "email": "email",
    "mail": "email",
    "telefono": "phone",
    "telefono principal": "phone",
    "tel": "phone",
    "phone": "phone",
    "celular": "phone",
}


class TableError(ValueError):
    """``reason``: size, rows, format, or library; the caller says it in words."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def read_bytes(data):
    """Rows of an uploaded CSV or XLSX file.

    :raise TableError: too big, broken, or of another kind
    """
    if len(data) > MAX_BYTES:
        raise TableError("size")
    if data.startswith(b"PK\x03\x04"):
        return _read_xlsx(data)
    if data.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"\x89PNG")) or b"\0" in data[:1024].replace(b"\xff\xfe", b""):
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return read_text(data.decode("utf-16", errors="replace"))
        raise TableError("format")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # what Excel saves as CSV in Mexico; every byte is a character of it
        text = data.decode("cp1252", errors="replace")
    return read_text(text)


def read_text(text):
    """Rows of pasted text: (line number, cells), the blank ones left out."""
    if len(text) > MAX_BYTES:
        raise TableError("size")
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    first = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max("\t;,|", key=lambda sign: (first.count(sign), sign == "\t"))
    try:
        return _rows(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise TableError("format") from error


def assign_columns(rows):
    """Rows as dictionaries of ``COLUMNS``, in the order of the head if the first row is one.

    :param list rows: (number, cells)
    :return: list of (number, {column: text})
    """
    columns = COLUMNS
    if rows:
        heads = [HEADS.get(_fold(cell)) for cell in rows[0][1]]
        if sum(head is not None for head in heads) >= 2:
            columns, rows = heads, rows[1:]
    return [
        (
            number,
            dict.fromkeys(COLUMNS, "")
            | {column: cell for column, cell in zip(columns, cells, strict=False) if column is not None},
        )
        for number, cells in rows
    ]


def _rows(lines):
    rows = []
    for number, cells in enumerate(lines, start=1):
        cells = [" ".join(str(cell).split()) for cell in cells]  # noqa: PLW2901
        if not any(cells):
            continue
        rows.append((number, cells))
        if len(rows) > MAX_ROWS + 1:
            # one more for the head
            raise TableError("rows")
    return rows


def _read_xlsx(data):
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise TableError("library") from error
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # the sizes that the ZIP claims are those to which Python inflates
            inflated = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise TableError("format") from error
    if inflated > MAX_INFLATED:
        raise TableError("size")
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        lines = islice(book.active.iter_rows(max_col=20, values_only=True), 20 * MAX_ROWS)
        return _rows([_cell(value) for value in line] for line in lines)
    except TableError:
        raise
    except Exception as error:  # whatever a library says of a broken file, it is a broken file
        raise TableError("format") from error


def _cell(value):
    if value is None:
        return ""
    # a phone that the spreadsheet took for a number
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _fold(text):
    marks = str.maketrans("áéíóúü", "aeiouu")
    return text.lower().translate(marks).strip(" .:*")
