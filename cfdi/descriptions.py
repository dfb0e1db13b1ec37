"""What a code of the SAT's catalogues means, in the SAT's words: for what is printed and shown, never to decide."""

from __future__ import annotations

from types import MappingProxyType

from .catalogs import _value

_TABLES = MappingProxyType(
    {
        **{
            name: f"C592_{name}"
            for name in (
                *("c_ConfigAutotransporte", "c_FiguraTransporte", "c_MaterialPeligroso", "c_ParteTransporte"),
                *("c_SubTipoRem", "c_TipoEmbalaje", "c_TipoPermiso"),
            )
        },
        **{
            name: f"C756_{name}"
            for name in (
                *("c_ClaveProdServ", "c_ClaveUnidad", "c_Exportacion", "c_FormaPago", "c_Impuesto", "c_Meses"),
                *("c_MetodoPago", "c_Moneda", "c_ObjetoImp", "c_Pais", "c_Periodicidad", "c_RegimenFiscal"),
                *("c_TipoDeComprobante", "c_TipoRelacion", "c_UsoCFDI"),
            )
        },
    }
)


def describe(catalogue: str, code: str) -> str:
    """The description of a code; empty for one that this edition of the catalogue does not have.

    A document is shown whatever its codes: it may be older or newer than the catalogue.

    :param catalogue: its official name, such as ``c_FormaPago``
    """
    try:
        value = _value(_TABLES[catalogue], code)
    except KeyError:
        if catalogue not in _TABLES:
            raise
        return ""
    return value if isinstance(value, str) else value[0]


def described(catalogue: str, code: str) -> str:
    """The code with its description: ``03 - Transferencia electrónica de fondos``; the code alone without one."""
    text = describe(catalogue, code) if code else ""
    return f"{code} - {text}" if text else code
