"""The SAT's catalogues of codes as its schemas use them: the large ones apart, where they are looked up in a set."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from lxml import etree

from .resources import sat_file

LARGE = 200
"""Values from which a catalogue is looked up in a set. Below it the walk costs less than a microsecond."""

XS = "http://www.w3.org/2001/XMLSchema"
_ENUMERATION = f"{{{XS}}}enumeration"
_SITE = "http://www.sat.gob.mx/sitio_internet/cfd/catalogos"
_CATALOGS = {
    _SITE: "catalogos/catCFDI.xsd",
    f"{_SITE}/CartaPorte": "catalogos/CartaPorte/catCartaPorte.xsd",
    f"{_SITE}/ComExt": "catalogos/ComExt/catComExt.xsd",
}
"""Namespace -> file, of those that have a large enumeration."""
_FILES = {path.rpartition("/")[2]: namespace for namespace, path in _CATALOGS.items()}


class LargeType(NamedTuple):
    """A type with a large enumeration: the namespace of its catalogue, its name there."""

    catalog: str
    local: str


@cache
def large_types(catalog: str) -> Mapping[str, frozenset[str]]:
    """Name of each type of a catalogue with a large enumeration -> its codes; one copy for every schema."""
    return {name: frozenset(codes) for name, codes in _read(catalog)[1].items() if len(codes) >= LARGE}


def large_type(node: etree._Element, name: str) -> LargeType | None:
    """The large type that `name` refers to where `node` stands; None for anything else."""
    prefix, colon, local = name.partition(":")
    catalog = node.nsmap.get(prefix) if colon else None
    return LargeType(catalog, local) if catalog in _CATALOGS and local in large_types(catalog) else None


class Resolver(etree.Resolver):
    """Answers a catalogue without the enumerations of these types where the schemas import the whole one."""

    def __init__(self, without: frozenset[LargeType]):
        self._without = without

    def resolve(self, system_url, _public_id, context):
        catalog = _FILES.get(system_url.rpartition("/")[2]) if system_url else None
        if catalog is None:
            return None
        names = frozenset(name.local for name in self._without if name.catalog == catalog)
        return self.resolve_string(_trimmed(catalog, names), context, base_url=system_url)


def _trimmed(catalog: str, names: frozenset[str]) -> bytes:
    """The catalogue without the enumerations of the types `names`."""
    skeleton, codes = _read(catalog)
    root = etree.fromstring(skeleton)
    for simple_type in root.iterfind(f"{{{XS}}}simpleType"):
        name = simple_type.get("name")
        restriction = simple_type.find(f"{{{XS}}}restriction")
        for code in () if name in names else codes.get(name, ()):
            etree.SubElement(restriction, _ENUMERATION, value=code)
    return etree.tostring(root)


@cache
def _read(catalog: str) -> tuple[bytes, Mapping[str, list[str]]]:
    """The catalogue without its enumerations, and their codes by type.

    Read as a stream: the tree of the 160,000 elements of catCFDI would take 60 MB, and the process would keep them.
    """
    reader = _CatalogReader()
    with sat_file(_CATALOGS[catalog]).open("rb") as file:
        skeleton = etree.parse(file, etree.XMLParser(target=reader, no_network=True, resolve_entities=False))
    return etree.tostring(skeleton), reader.codes


class _CatalogReader:
    """Target of the parser: enumerations go to `codes`, everything else to the tree."""

    def __init__(self):
        self.codes: dict[str, list[str]] = {}
        self._builder = etree.TreeBuilder()
        self._type, self._skipped = "", 0

    def start(self, tag, attributes, nsmap):
        if self._skipped or tag == _ENUMERATION:
            if not self._skipped:
                self.codes.setdefault(self._type, []).append(attributes["value"])
            self._skipped += 1
            return
        if tag == f"{{{XS}}}simpleType":
            self._type = attributes.get("name", "")
        self._builder.start(tag, attributes, nsmap)

    def end(self, tag):
        if self._skipped:
            self._skipped -= 1
        else:
            self._builder.end(tag)

    def close(self):
        return self._builder.close()
