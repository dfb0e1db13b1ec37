"""The papers that demo customers hand in: small documents with the customer's own data, plainly marked as samples."""

import io

from PIL import Image, ImageDraw
from reportlab.lib.pagesizes import letter
from reportlab.lib.units import cm
from reportlab.pdfgen import canvas

MARK = "Documento de muestra, sin validez"


def pdf(title, lines):
    """A page (bytes of a PDF) with a title and lines of text."""
    output = io.BytesIO()
    page = canvas.Canvas(output, pagesize=letter, pageCompression=1)
    page.setTitle(title)
    page.setFont("Helvetica-Bold", 16)
    page.drawString(2.5 * cm, 25 * cm, title)
    page.setFont("Helvetica", 11)
    for index, line in enumerate(lines):
        page.drawString(2.5 * cm, (23.5 - 0.8 * index) * cm, line)
    page.setFont("Helvetica-Oblique", 9)
    page.drawString(2.5 * cm, 2 * cm, MARK)
    page.save()
    return output.getvalue()


def card(title, lines):
    """A picture (bytes of a PNG) as of an identification that somebody photographed."""
    image = Image.new("P", (430, 270), 0)
    image.putpalette([238, 242, 236, 70, 90, 80, 150, 165, 155])
    draw = ImageDraw.Draw(image)
    draw.rectangle((6, 6, 423, 263), outline=1, width=2)
    draw.rectangle((22, 60, 132, 200), fill=2)
    draw.text((22, 24), title, fill=1)
    for index, line in enumerate((*lines, MARK)):
        draw.text((152, 64 + 26 * index), line, fill=1)
    output = io.BytesIO()
    image.save(output, "PNG", optimize=True)
    return output.getvalue()
