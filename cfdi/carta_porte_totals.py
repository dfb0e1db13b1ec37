"""Sums of a Carta Porte: distance, weights and the number of goods. Nothing is rounded: decimals add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from .carta_porte import CartaPorte

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class CartaPorteTotals:
    """TotalDistRec: kilometres, None unless by road or rail (CP125). Weights in the unit of Mercancias."""

    TotalDistRec: Decimal | None
    PesoBrutoTotal: Decimal
    PesoNetoTotal: Decimal | None
    NumTotalMercancias: int


def totals_of(carta_porte: CartaPorte) -> CartaPorteTotals:
    """What the places and the goods add up to (CP126, CP149-CP152, CP154); what is missing counts nothing."""
    goods = carta_porte.Mercancias
    details = [each.DetalleMercancia for each in goods.Mercancia if each.DetalleMercancia]
    gross, net = _sum(each.PesoEnKg for each in goods.Mercancia), goods.PesoNetoTotal
    if goods.TransporteMaritimo:
        gross, net = _sum(each.PesoBruto for each in details), _sum(each.PesoNeto for each in details)
    elif goods.TransporteFerroviario:
        net = _sum(each.ToneladasNetasCarro for each in goods.TransporteFerroviario.Carro)
    measured = goods.Autotransporte or goods.TransporteFerroviario
    return CartaPorteTotals(
        TotalDistRec=distance(carta_porte) if measured else None,
        PesoBrutoTotal=gross,
        PesoNetoTotal=net,
        NumTotalMercancias=len(goods.Mercancia),
    )


def distance(carta_porte: CartaPorte) -> Decimal:
    """Kilometres of the whole way (CP126)."""
    destinations = (place for place in carta_porte.Ubicaciones if place.TipoUbicacion == "Destino")
    return _sum(place.DistanciaRecorrida or ZERO for place in destinations)


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)
