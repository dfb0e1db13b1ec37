"""Addendas: what a customer asks for beside the comprobante, put into it after the timbre.

Anexo 20: the node Addenda takes any XML, belongs to neither the cadena original nor the seal, and goes in when the
document is stamped already. A template is the XML that the customer's manual asks for, with placeholders in its text
and attributes:

    <OrdenCompra numero="${orden_compra}" entrega="${fecha_entrega?}">
        <Partida xmlns:a="urn:l10n_mx_customer:addenda" a:por="concepto" codigo="${concepto_clave}"/>
    </OrdenCompra>

- ``${name}`` takes a value of `PLACEHOLDERS` and must have one; ``${name?}`` may be empty.
- An element with ``a:por="concepto"`` is repeated for each concepto, and may use the values ``concepto_...``.

Nothing is evaluated: the template is parsed first, and values are put into the parsed tree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy

from lxml import etree

from .errors import CfdiError, UnsafeXml
from .namespaces import CFDI, NS, TFD, XSI, cfdi
from .secure_xml import parse_xml
from .timbre import parse_timbre

REPEAT_NAMESPACE = "urn:l10n_mx_customer:addenda"
MAX_TEMPLATE_BYTES = 256 * 1024

FROM_COMPROBANTE = {
    "serie": "Serie",
    "folio": "Folio",
    "fecha": "Fecha",
    "subtotal": "SubTotal",
    "descuento": "Descuento",
    "total": "Total",
    "moneda": "Moneda",
    "tipo_cambio": "TipoCambio",
    "metodo_pago": "MetodoPago",
    "forma_pago": "FormaPago",
    "condiciones_pago": "CondicionesDePago",
    "lugar_expedicion": "LugarExpedicion",
    "tipo_comprobante": "TipoDeComprobante",
}
FROM_CONCEPTO = {
    "concepto_clave": "NoIdentificacion",
    "concepto_clave_sat": "ClaveProdServ",
    "concepto_descripcion": "Descripcion",
    "concepto_cantidad": "Cantidad",
    "concepto_unidad": "Unidad",
    "concepto_clave_unidad": "ClaveUnidad",
    "concepto_valor_unitario": "ValorUnitario",
    "concepto_importe": "Importe",
    "concepto_descuento": "Descuento",
}
PLACEHOLDERS = {
    "serie": "Serie del CFDI",
    "folio": "Folio del CFDI",
    "uuid": "Folio fiscal (UUID)",
    "fecha": "Fecha y hora de emisión, como 2026-03-04T05:06:07",
    "fecha_timbrado": "Fecha y hora del timbre",
    "subtotal": "Subtotal",
    "descuento": "Descuento",
    "impuestos_trasladados": "Total de impuestos trasladados",
    "impuestos_retenidos": "Total de impuestos retenidos",
    "total": "Total",
    "moneda": "Clave de la moneda, como MXN",
    "tipo_cambio": "Tipo de cambio",
    "metodo_pago": "Método de pago (PUE, PPD)",
    "forma_pago": "Clave de la forma de pago",
    "condiciones_pago": "Condiciones de pago",
    "lugar_expedicion": "Código postal del lugar de expedición",
    "tipo_comprobante": "Tipo de comprobante (I, E...)",
    "rfc_emisor": "RFC del emisor",
    "nombre_emisor": "Razón social del emisor",
    "rfc_receptor": "RFC del receptor",
    "nombre_receptor": "Razón social del receptor",
    "uso_cfdi": "Uso de CFDI",
    "conceptos": "Número de conceptos",
    "factura": "Número de la factura en Odoo",
    "fecha_factura": "Fecha de la factura, como 2026-03-04",
    "fecha_vencimiento": "Fecha de vencimiento de la factura",
    "orden_compra": "Orden de compra del cliente",
    "pedido": "Número del pedido en Odoo",
    "fecha_pedido": "Fecha del pedido",
    "fecha_entrega": "Fecha de entrega",
    "numero_cliente": "Número de cliente",
    "nombre_cliente": "Nombre del cliente",
    "concepto_numero": "Número de la partida, desde 1",
    "concepto_clave": "Clave del producto (NoIdentificacion)",
    "concepto_clave_sat": "Clave del SAT del producto",
    "concepto_descripcion": "Descripción",
    "concepto_cantidad": "Cantidad",
    "concepto_unidad": "Unidad",
    "concepto_clave_unidad": "Clave del SAT de la unidad",
    "concepto_valor_unitario": "Valor unitario",
    "concepto_importe": "Importe",
    "concepto_descuento": "Descuento de la partida",
}
"""What a template may ask for, and what it is. The ``concepto_`` ones only inside a repeated element."""

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_REPEAT = f"{{{REPEAT_NAMESPACE}}}por"
_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]*\?>")
_END_TAG = re.compile(rb"</(?:[^\s<>/:]+:)?Comprobante\s*>")
_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_RESERVED = ("http://www.sat.gob.mx/",)


class AddendaError(CfdiError, ValueError):
    """The template cannot be used, or a value that it needs is missing. The text can be shown."""


def check_template(template: str) -> None:
    """Whether a template can be used, whatever the invoice.

    :raises AddendaError: it is empty, too big or malformed, uses a namespace of the SAT, or a placeholder that does not
        exist or is out of place.
    """
    for node in _content(template):
        for element in node.iter():
            _check_element(element)


def placeholders(template: str) -> set[str]:
    """The names that a template asks for.

    :raises AddendaError: see `check_template`.
    """
    return {
        name.rstrip("?")
        for node in _content(template)
        for element in node.iter()
        for _where, text in _texts(element)
        for name in _PLACEHOLDER.findall(text)
    }


def comprobante_values(stamped: bytes) -> dict[str, str]:
    """The values that a stamped comprobante gives by itself, as it writes them.

    :raises CfdiError: it is not stamped.
    """
    root = parse_xml(stamped)
    timbre = parse_timbre(root)
    impuestos = root.find("cfdi:Impuestos", NS)
    emisor, receptor = root.find(cfdi("Emisor")), root.find(cfdi("Receptor"))
    values = {name: root.get(attribute, "") for name, attribute in FROM_COMPROBANTE.items()}
    return values | {
        "uuid": timbre.UUID,
        "fecha_timbrado": timbre.FechaTimbrado.isoformat(),
        "impuestos_trasladados": "" if impuestos is None else impuestos.get("TotalImpuestosTrasladados", ""),
        "impuestos_retenidos": "" if impuestos is None else impuestos.get("TotalImpuestosRetenidos", ""),
        "rfc_emisor": emisor.get("Rfc", ""),
        "nombre_emisor": emisor.get("Nombre", ""),
        "rfc_receptor": receptor.get("Rfc", ""),
        "nombre_receptor": receptor.get("Nombre", ""),
        "uso_cfdi": receptor.get("UsoCFDI", ""),
        "conceptos": str(len(root.findall("cfdi:Conceptos/cfdi:Concepto", NS))),
    }


def add_addenda(stamped: bytes, template: str, values: Mapping[str, str]) -> bytes:
    """A stamped comprobante with the addenda of a template: the same bytes, and the node before the last end tag.

    :param stamped: the document as the PAC answered it, without an addenda.
    :param values: those that the comprobante does not say by itself: ``orden_compra``, ``numero_cliente``...
    :raises AddendaError: the template cannot be used or a value is missing.
    :raises CfdiError: the document is not a stamped comprobante, or has an addenda already.
    """
    root = parse_xml(stamped)
    if root.tag != cfdi("Comprobante"):
        raise CfdiError("El documento no es un CFDI 4.0.")
    if root.find(cfdi("Addenda")) is not None:
        raise CfdiError("El CFDI ya trae una addenda.")
    known = {**values, **comprobante_values(stamped)}
    conceptos = [_concepto_values(number, node) for number, node in enumerate(_conceptos(root), 1)]
    addenda = _render(template, known, conceptos)
    # After the root there may be blanks and comments, which may themselves look like an end tag: the right one is
    # that with which the result, without its addenda, is the document that was stamped.
    node = _serialize(addenda, root)
    for match in reversed(list(_END_TAG.finditer(stamped))):
        result = stamped[: match.start()] + node + stamped[match.start() :]
        if _is_addition(stamped, result, addenda):
            return result
    raise CfdiError("No se encontró dónde poner la addenda en el CFDI.")


def render(template: str, values: Mapping[str, str], conceptos: list[dict[str, str]]) -> str:
    """The content of the Addenda for given values, to look at; see `add_addenda` for the document.

    :raises AddendaError: see `add_addenda`.
    """
    nodes = _render(template, values, conceptos)
    return "\n".join(etree.tostring(node, encoding="unicode", with_tail=False, pretty_print=True) for node in nodes)


def _content(template: str) -> list[etree._Element]:
    """The elements of a template: those inside cfdi:Addenda where it writes that node itself."""
    text = _DECLARATION.sub("", template or "", count=1)
    if not text.strip():
        raise AddendaError("La plantilla está vacía; se espera el XML de la addenda.")
    # The wrapper gives the prefixes that a CFDI declares at its root, which samples of addendas rely on.
    wrapped = f'<a xmlns:cfdi="{CFDI}" xmlns:xsi="{XSI}">{text}</a>'
    try:
        root = parse_xml(wrapped.encode(), max_bytes=MAX_TEMPLATE_BYTES)
    except UnsafeXml as error:
        raise AddendaError(str(error)) from error
    except UnicodeEncodeError as error:
        raise AddendaError("La plantilla tiene caracteres que un XML no admite.") from error
    if len(root) == 1 and root[0].tag == cfdi("Addenda"):
        root = root[0]
    nodes = [node for node in root if isinstance(node.tag, str)]
    if any(node.tag is etree.PI for node in root.iter()):
        raise AddendaError("La plantilla no admite instrucciones de proceso (<?...?>).")
    loose = [root.text, *(node.tail for node in root)]
    if not nodes or any(text and text.strip() for text in loose):
        raise AddendaError("La plantilla debe ser uno o más elementos XML, sin texto fuera de ellos.")
    return nodes


def _texts(element: etree._Element):
    """Where placeholders may stand: (description, text)."""
    if not isinstance(element.tag, str):
        return
    name = etree.QName(element).localname
    for attribute, text in element.attrib.items():
        yield f"{name}/@{etree.QName(attribute).localname}", text
    yield name, element.text or ""
    for child in element:
        yield name, child.tail or ""


def _check_element(element: etree._Element) -> None:
    if not isinstance(element.tag, str):
        return
    for name in (element.tag, *element.attrib):
        qname = etree.QName(name)
        if (qname.namespace or "").startswith(_RESERVED) or qname.namespace in (CFDI, TFD):
            raise AddendaError(
                f"<{qname.localname}> usa un espacio de nombres del SAT ({qname.namespace}); "
                "una addenda no puede traer nodos del SAT."
            )
        if qname.namespace == REPEAT_NAMESPACE and name != _REPEAT:
            raise AddendaError(f"{qname.localname} no existe en {REPEAT_NAMESPACE}; se espera por.")
    if element.get(_REPEAT, "concepto") != "concepto":
        raise AddendaError(f'por="{element.get(_REPEAT)}" no existe; se espera por="concepto".')
    repeated = [node for node in (element, *element.iterancestors()) if _REPEAT in node.attrib]
    if len(repeated) > 1:
        raise AddendaError(f"<{etree.QName(element).localname}> se repite dentro de otro que ya se repite.")
    for where, text in _texts(element):
        _check_text(where, text, bool(repeated))


def _check_text(where: str, text: str, repeated: bool) -> None:
    if "${" in _PLACEHOLDER.sub("", text):
        raise AddendaError(f"En {where} hay un ${{ sin cerrar; se espera ${{nombre}}.")
    for name in _PLACEHOLDER.findall(text):
        plain = name.removesuffix("?")
        if plain not in PLACEHOLDERS:
            raise AddendaError(f"${{{name}}} en {where} no existe. Los que hay: {', '.join(sorted(PLACEHOLDERS))}.")
        if plain.startswith("concepto_") and not repeated:
            raise AddendaError(f'${{{name}}} en {where} solo vale dentro de un elemento con por="concepto".')


def _render(template: str, values: Mapping[str, str], conceptos: list[dict[str, str]]) -> list[etree._Element]:
    nodes = _content(template)
    for node in nodes:
        for element in node.iter():
            _check_element(element)
    # In a list of their own, so that the first level can be repeated too.
    holder = etree.Element("a")
    holder.extend(deepcopy(nodes))
    missing: dict[str, None] = {}
    # What is put in is never read again: a description may well say ${something}.
    _fill(holder, values, missing)
    for element in [node for node in holder.iter() if _is_repeated(node)]:
        _repeat(element, values, conceptos, missing)
    if missing:
        raise AddendaError(f"La addenda necesita {', '.join(missing)}, y el documento no lo tiene.")
    nodes = list(holder)
    for node in nodes:
        node.tail = None
        # Those that the template declares stay, used or not: xsi:type and the like name them in their values.
        given = [prefix for prefix, uri in node.nsmap.items() if prefix and uri not in (CFDI, XSI, REPEAT_NAMESPACE)]
        etree.cleanup_namespaces(node, keep_ns_prefixes=given)
    return nodes


def _is_repeated(element: etree._Element) -> bool:
    return isinstance(element.tag, str) and _REPEAT in element.attrib


def _repeat(
    element: etree._Element,
    values: Mapping[str, str],
    conceptos: list[dict[str, str]],
    missing: dict[str, None],
) -> None:
    """Put a copy for each concepto in the place of an element; blanks after it go after each."""
    parent = element.getparent()
    position, tail = parent.index(element), element.tail
    parent.remove(element)
    del element.attrib[_REPEAT]
    element.tail = None
    copies = []
    for concepto in conceptos:
        copy = deepcopy(element)
        _fill(copy, {**values, **concepto}, missing)
        copy.tail = tail
        copies.append(copy)
    parent[position:position] = copies


def _fill(root: etree._Element, values: Mapping[str, str], missing: dict[str, None]) -> None:
    """Put values into a tree, except where it is repeated for each concepto."""

    def value(match: re.Match) -> str:
        name = match.group(1)
        text = _NOT_XML.sub("", str(values.get(name.removesuffix("?")) or "")).strip()
        if not text and not name.endswith("?"):
            missing[name] = None
        return text

    for attribute, text in root.attrib.items():
        root.set(attribute, _PLACEHOLDER.sub(value, text))
    if root.text:
        root.text = _PLACEHOLDER.sub(value, root.text)
    for child in root:
        if child.tail:
            child.tail = _PLACEHOLDER.sub(value, child.tail)
        if isinstance(child.tag, str) and not _is_repeated(child):
            _fill(child, values, missing)


def _conceptos(root: etree._Element) -> list[etree._Element]:
    return root.findall("cfdi:Conceptos/cfdi:Concepto", NS)


def _concepto_values(number: int, node: etree._Element) -> dict[str, str]:
    values = {name: node.get(attribute, "") for name, attribute in FROM_CONCEPTO.items()}
    return values | {"concepto_numero": str(number)}


def _serialize(nodes: list[etree._Element], root: etree._Element) -> bytes:
    """The node as it is written inside a document: what its root declares is not declared again."""
    declared = "" if root.nsmap.get("cfdi") == CFDI else f' xmlns:cfdi="{CFDI}"'
    if None in root.nsmap:
        # A default namespace of the document is not the addenda's.
        declared += ' xmlns=""'
    content = "".join(etree.tostring(node, encoding="unicode", with_tail=False) for node in nodes)
    return f"<cfdi:Addenda{declared}>{content}</cfdi:Addenda>".encode()


def _is_addition(stamped: bytes, result: bytes, nodes: list[etree._Element]) -> bool:
    """Whether `result` is the stamped document and an addenda of these nodes, nothing else."""
    try:
        root = parse_xml(result)
    except UnsafeXml:
        return False
    addenda = root.find(cfdi("Addenda"))
    if addenda is None or [_canonical(node) for node in addenda] != [_canonical(node) for node in nodes]:
        return False
    root.remove(addenda)
    return _canonical(root) == _canonical(parse_xml(stamped))


def _canonical(node: etree._Element) -> bytes:
    return etree.tostring(node, method="c14n", exclusive=True, with_comments=True, with_tail=False)
