"""A stylesheet of the SAT's that writes a cadena original, read into the steps that `cadena` follows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import NamedTuple

from lxml import etree

_XSL = "{http://www.w3.org/1999/XSL/Transform}"
_ATTRIBUTE = re.compile(r"\./@(\w+)")
ANY = "*"


class Step(NamedTuple):
    """Attributes that are written, then elements that are gone to.

    names: of the attributes. absent: what is written for each of them that is not there, None for nothing.
    path: names of the elements from here down, none where nothing is gone to; deep: one name, at any depth.
    steps: what is done with each element; None for what the template of its name does.
    """

    names: tuple[str, ...]
    absent: tuple[str | None, ...]
    path: tuple[str, ...] = ()
    deep: bool = False
    steps: tuple[Step, ...] | None = None


Sheet = Mapping[str, Sequence[Step] | None]
"""Name of an element -> what its template does, None where that is not known here."""

_NORMALIZED = (
    '|<xsl:call-template name="ManejaEspacios"><xsl:with-param name="s" select="$valor"></xsl:with-param>'
    "</xsl:call-template>"
)
_NAMED = {
    "Requerido": f'<xsl:param name="valor"></xsl:param>{_NORMALIZED}',
    "Opcional": f'<xsl:param name="valor"></xsl:param><xsl:if test="$valor">{_NORMALIZED}</xsl:if>',
    "ManejaEspacios": '<xsl:param name="s"></xsl:param>'
    '<xsl:value-of select="normalize-space(string($s))"></xsl:value-of>',
}
"""What the templates that write a value do."""


class _Unknown(Exception):
    """A form that is not known here."""


def for_document(sheet: Sheet, names: Set[str]) -> Sheet:
    """The sheet without the ways that lead nowhere in a document with elements of these names: most of them."""
    return {tag: steps and _leading_on(steps, names | {ANY}) for tag, steps in sheet.items() if tag in names}


def _leading_on(steps: Sequence[Step], names: Set[str]) -> tuple[Step, ...]:
    return tuple(
        step._replace(steps=step.steps and _leading_on(step.steps, names))
        if names.issuperset(step.path)
        else Step(step.names, step.absent)
        for step in steps
        if step.names or names.issuperset(step.path)
    )


def read_sheet(path: Path, root: str) -> Sheet:
    """What a stylesheet, with those that it includes, does with a document whose root has this name."""
    found: dict[str, Sequence[Step] | None] = {}
    roots = []
    try:
        for node in _top(path):
            if node.tag != f"{_XSL}template":
                _check_output(node)
            elif dict(node.attrib) == {"match": "/"}:
                roots.append(node)
            elif set(node.attrib) == {"name"}:
                _check_named(node)
            else:
                (tag,) = _path(node, _only(node, "match"))
                # of two templates for one name it is not told here which one is asked
                found[tag] = None if tag in found else _known_steps(node)
        _check_root(roots[-1], root)  # a complemento has one of its own, and the last one is asked
    except _Unknown:
        return {root: None}
    return found


def _top(path: Path) -> Iterator[etree._Element]:
    """The declarations of a stylesheet, with those of the stylesheets that it includes where it includes them."""
    parser = etree.XMLParser(no_network=True, resolve_entities=False, remove_comments=True, remove_pis=True)
    for node in etree.parse(str(path), parser).getroot():
        if node.tag == f"{_XSL}include":
            yield from _top(path.parent / node.get("href"))
        else:
            yield node


def _check_output(node: etree._Element) -> None:
    if node.tag != f"{_XSL}output" or node.get("method") != "text":
        raise _Unknown


def _check_named(template: etree._Element) -> None:
    if _NAMED.get(template.get("name")) != _body(template):
        raise _Unknown


def _check_root(template: etree._Element, root: str) -> None:
    """It writes a bar, the root, and two bars."""
    if len(template) != 1 or (template.text, template[0].tail) != ("|", "||"):
        raise _Unknown
    select = _select(template[0], "apply-templates")
    if not select.startswith("/") or _path(template, select[1:]) != (root,):
        raise _Unknown


def _body(template: etree._Element) -> str:
    text = etree.tostring(template, method="c14n", exclusive=True, with_tail=False).decode()
    return text.partition(">")[2].rpartition("</")[0]


def _known_steps(node: etree._Element) -> tuple[Step, ...] | None:
    try:
        return tuple(_steps(node))
    except _Unknown:
        return None


def _steps(node: etree._Element) -> Iterator[Step]:
    """What is done inside of a template or of a for-each."""
    if any(text.strip() for text in (node.text or "", *(child.tail or "" for child in node))):
        raise _Unknown
    values: dict[str, str | None] = {}
    for child in node:
        if child.tag == f"{_XSL}call-template":
            name, absent = _value(child)
            if name in values:
                raise _Unknown
            values[name] = absent
        else:
            yield _way(child, values)
            values = {}
    if values:
        yield Step(tuple(values), tuple(values.values()))


def _value(call: etree._Element) -> tuple[str, str | None]:
    """An attribute that is written, and what is written for it where it is absent."""
    name = call.get("name")
    found = _ATTRIBUTE.fullmatch(call[0].get("select", "")) if len(call) == 1 else None
    if name not in {"Requerido", "Opcional"} or found is None:
        raise _Unknown
    return found[1], "" if name == "Requerido" else None


def _way(node: etree._Element, values: Mapping[str, str | None]) -> Step:
    """A for-each, an apply-templates, or one that is asked before whether there is anything."""
    if node.tag == f"{_XSL}if" and len(node) == 1 and node[0].get("select") == node.get("test"):
        (node,) = node
    steps = None
    if node.tag == f"{_XSL}for-each":
        select = _select(node, "for-each")
        if not _applies_templates(node):
            steps = tuple(_steps(node))
    else:
        select = _select(node, "apply-templates")
    deep = select.startswith(".//")
    path = _path(node, select.removeprefix(".//").removeprefix("./"))
    if deep and (len(path) > 1 or path == (ANY,)):
        raise _Unknown
    return Step(tuple(values), tuple(values.values()), path, deep, steps)


def _applies_templates(loop: etree._Element) -> bool:
    """Whether a for-each does what the template of each element does, and nothing else."""
    return len(loop) == 1 and loop[0].tag == f"{_XSL}apply-templates" and _select(loop[0], "apply-templates") == "."


def _select(node: etree._Element, name: str) -> str:
    """Where an instruction of this name goes to."""
    if node.tag != f"{_XSL}{name}" or (name == "apply-templates" and len(node)):
        raise _Unknown
    return _only(node, "select").strip()


def _only(node: etree._Element, name: str) -> str:
    """The one attribute that it has."""
    if set(node.attrib) != {name}:
        raise _Unknown
    return node.get(name)


def _path(node: etree._Element, select: str) -> tuple[str, ...]:
    """The qualified names of a path of elements."""
    return tuple(_name(node, step) for step in select.split("/"))


def _name(node: etree._Element, step: str) -> str:
    prefix, colon, local = step.partition(":")
    if step == ANY:
        return ANY
    if not colon or not local.isidentifier() or prefix not in node.nsmap:
        raise _Unknown
    return f"{{{node.nsmap[prefix]}}}{local}"
