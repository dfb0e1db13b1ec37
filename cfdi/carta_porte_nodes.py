"""How a field of the Carta Porte's dataclasses is written, where its type does not say it."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Form:
    """least, most: decimals of a number. inside: the name of each node, where the field is named after the one around
    them. code: the attribute that is all that each node has. verbatim: blanks are kept."""

    least: int = 0
    most: int = 0
    inside: str = ""
    code: str = ""
    verbatim: bool = False


_PLAIN = Form()

Decimal2 = Annotated[Decimal, Form(most=2)]
Decimal3 = Annotated[Decimal, Form(most=3)]
Decimal6 = Annotated[Decimal, Form(most=6)]
Amount = Annotated[Decimal, Form(least=2, most=6)]
"""Of money (t_Importe)."""
Verbatim = Annotated[str, Form(verbatim=True)]
"""Text whose blanks the schema prescribes."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field as the schema has it. type: of the value, or of each of several; optional: it may be None."""

    name: str
    type: type
    several: bool
    optional: bool
    form: Form

    @property
    def is_node(self) -> bool:
        return is_dataclass(self.type)


@cache
def attributes(node: type) -> tuple[Attribute, ...]:
    """Fields of a dataclass, in their order."""
    hints = get_type_hints(node, include_extras=True)
    return tuple(_attribute(field.name, hints[field.name]) for field in fields(node))


def _attribute(name: str, hint: Any) -> Attribute:
    optional = get_origin(hint) in (Union, UnionType)
    if optional:
        hint = next(part for part in get_args(hint) if part is not type(None))
    form = _PLAIN
    if get_origin(hint) is Annotated:
        hint, form = get_args(hint)
    several = get_origin(hint) is tuple
    return Attribute(name, get_args(hint)[0] if several else hint, several, optional, form)
