"""From a transfer to the comprobante of type T that its CFDI says: mapping only."""

import os
from datetime import timezone
from decimal import ROUND_HALF_UP, Decimal

from odoo import models

from ..cfdi import CfdiRelacionados, Emisor, catalogs, goods_transfer, id_ccp
from ..cfdi.carta_porte import (
    Autotransporte,
    CantidadTransporta,
    CartaPorte,
    Domicilio,
    IdentificacionVehicular,
    Mercancia,
    Mercancias,
    Remolque,
    Seguros,
    TiposFigura,
    Ubicacion,
)
from ..cfdi.carta_porte_catalogs import REMOLQUES, colonia_code, place_of
from .account_move_conceptos import cfdi_text, exact
from .customer_cfdi_cancel import SUBSTITUTION
from .customer_cfdi_figure import LONGEST_NAME, WITH_PARTS
from .customer_cfdi_transfer_lines import DESTINATION, ORIGIN
from .res_partner_tax import RFC_FOREIGN

PREFIXES = {ORIGIN: "OR", DESTINATION: "DE"}
MOST_TRAILERS = 2
LONGEST_DESCRIPTION, LONGEST_UNIT, LONGEST_STREET, LONGEST_NUMBER = 1000, 20, 100, 55
QUANTITY, WEIGHT, KILOMETRES, MONEY = Decimal("0.000001"), Decimal("0.001"), Decimal("0.01"), Decimal("0.01")


def rounded(value, step):
    """A float of Odoo with the decimals of a step, and none more than it needs."""
    number = exact(value).quantize(step, ROUND_HALF_UP)
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()


class CustomerCfdiTransfer(models.Model):
    _inherit = "customer.cfdi.transfer"

    def _prepare_cfdi(self, problems):
        """The comprobante of type T: from the company to itself, without amounts.

        :param list problems: everything that is missing or cannot be expressed is added to it, one line each
        :return: ``cfdi.Comprobante`` without Folio, which it gets when it is sealed, and with an IdCCP of its own; None
            where there are problems
        """
        self.ensure_one()
        issuer = self.company_id.partner_id
        # What invoices know of the issuer and of the hour at a place.
        moves = self.env["account.move"].new({"company_id": self.company_id.id})
        moves._check_party(issuer, self.env._("issuer"), ["vat", "cfdi_tax_regime", "cfdi_zip"], problems)
        carta_porte = self._prepare_carta_porte(problems)
        if problems:
            return None
        fiscal_zip = issuer.cfdi_zip or issuer.zip
        place = self._issued_at() or fiscal_zip
        date = moves._cfdi_now(place, problems)
        if problems:
            return None
        replaced = self.cfdi_replaces_id.sudo().uuid
        return goods_transfer(
            carta_porte,
            issuer=Emisor(
                Rfc=issuer.vat,
                Nombre=(issuer.cfdi_legal_name or issuer.name).upper(),
                RegimenFiscal=issuer.cfdi_tax_regime,
            ),
            postal_code=fiscal_zip,
            Fecha=date,
            LugarExpedicion=place,
            CfdiRelacionados=(CfdiRelacionados(TipoRelacion=SUBSTITUTION, UUIDs=(replaced,)),) if replaced else (),
        )

    def _issued_at(self):
        """LugarExpedicion: the postal code of the first origin, where it is a place of the company's own."""
        origin = self._stops().filtered(lambda stop: stop.kind == ORIGIN)[:1].partner_id
        return origin.zip if origin.commercial_partner_id == self.company_id.partner_id else ""

    def _prepare_carta_porte(self, problems):
        """The complemento, as far as it can be said; what is wrong is added to ``problems``.

        :return: ``cfdi.CartaPorte``; None with problems
        """
        self._check_stops(problems)
        self._check_goods(problems)
        self._check_vehicle(problems)
        figures = self.driver_ids | self.other_figure_ids
        if not self.driver_ids:
            problems.append(self.env._("Drivers: none is there; who drives is expected."))
        problems += figures._carta_porte_problems()
        if problems:
            return None
        numbers = self._stops()._numbers()
        return CartaPorte(
            IdCCP=id_ccp(os.urandom(16)),
            Ubicaciones=tuple(stop._prepare_ubicacion(numbers[stop]) for stop in numbers),
            Mercancias=Mercancias(
                Mercancia=tuple(goods._prepare_mercancia(numbers) for goods in self.goods_ids),
                Autotransporte=self._prepare_autotransporte(),
            ),
            FiguraTransporte=tuple(figure._prepare_figura() for figure in figures),
        )

    # ------------------------------------------------------------------
    # What is wrong
    # ------------------------------------------------------------------
    def _check_stops(self, problems):
        stops = self._stops()
        for kind, label in stops._fields["kind"]._description_selection(self.env):
            if kind not in stops.mapped("kind"):
                problems.append(
                    self.env._("Places: “%(kind)s” is missing; one at least of each is expected.", kind=label)
                )
        if stops and stops[0].kind != ORIGIN:
            problems.append(self.env._("Places: the first one is not an origin; the way begins where goods are taken."))
        before = None
        for stop in stops:
            stop._check_stop(problems)
            if stop.moment and before and stop.moment <= before:
                problems.append(
                    self.env._(
                        "Departure or Arrival: “%(value)s” of %(place)s is not after that of the place before; the "
                        "order of the way is expected.",
                        value=self._shown(stop.moment),
                        place=stop.partner_id.display_name,
                    )
                )
            before = stop.moment or before

    def _stops(self):
        """The places in the order of the way."""
        return self.stop_ids.sorted("sequence")

    def _shown(self, moment):
        return self.env["ir.qweb.field.datetime"].value_to_html(moment, {}) if moment else ""

    def _check_goods(self, problems):
        if not self.goods_ids:
            problems.append(self.env._("Goods: there are none; what travels is expected."))
        several = {
            name: len(self.stop_ids.filtered(lambda stop, kind=kind: stop.kind == kind)) > 1
            for name, kind in (("origin_id", ORIGIN), ("destination_id", DESTINATION))
        }
        for goods in self.goods_ids:
            for name, step in (("quantity", QUANTITY), ("weight", WEIGHT)):
                if rounded(goods[name], step) <= 0:
                    problems.append(
                        self.env._(
                            "%(label)s: “%(value)s” of %(name)s is not valid; more than zero is expected.",
                            label=goods._fields[name]._description_string(self.env),
                            value=goods[name],
                            name=goods.name,
                        )
                    )
            if not catalogs.unit_code_exists(goods.unit_code or ""):
                problems.append(
                    self.env._(
                        "SAT Unit Code: “%(value)s” of %(name)s is not in the catalogue c_ClaveUnidad; one such as H87 "
                        "(piece) or XBX (box) is expected.",
                        value=goods.unit_code or "",
                        name=goods.name,
                    )
                )
            for name, wanted in several.items():
                if wanted and goods[name] not in self.stop_ids:
                    problems.append(
                        self.env._(
                            "%(label)s: that of %(name)s is missing; with several places, the one of these goods is "
                            "expected.",
                            label=goods._fields[name]._description_string(self.env),
                            name=goods.name,
                        )
                    )
        problems += self.goods_ids._code_problems()

    def _check_vehicle(self, problems):
        vehicle = self.vehicle_id
        if not vehicle:
            problems.append(self.env._("Vehicle: none is there; the one that the goods travel in is expected."))
            return
        trailers = self.trailer_ids
        if bool(trailers) not in REMOLQUES.get(vehicle.configuration, {True, False}):
            problems.append(
                self.env._(
                    "Trailers: %(value)s with the configuration %(configuration)s of %(name)s; %(expected)s.",
                    value=", ".join(trailers.mapped("plate")) or self.env._("none"),
                    configuration=vehicle.configuration,
                    name=vehicle.display_name,
                    expected=self.env._("none is expected") if trailers else self.env._("one or two are expected"),
                )
            )
        elif len(trailers) > MOST_TRAILERS:
            problems.append(
                self.env._("Trailers: %(count)s are too many; two at most are expected.", count=len(trailers))
            )
        names = ["environment_insurer", "environment_policy"] if self._is_hazardous() else []
        for name in names:
            if not vehicle[name]:
                problems.append(
                    self.env._(
                        "%(label)s: that of %(name)s is missing; it is expected where dangerous goods travel.",
                        label=vehicle._fields[name]._description_string(self.env),
                        name=vehicle.display_name,
                    )
                )

    def _is_hazardous(self):
        return "Sí" in self.goods_ids.mapped("hazardous")

    # ------------------------------------------------------------------
    # Nodes
    # ------------------------------------------------------------------
    def _prepare_autotransporte(self):
        vehicle = self.vehicle_id
        environment = self._is_hazardous()
        return Autotransporte(
            PermSCT=vehicle.permit_type,
            NumPermisoSCT=vehicle.permit_number.strip(),
            IdentificacionVehicular=IdentificacionVehicular(
                ConfigVehicular=vehicle.configuration,
                PesoBrutoVehicular=vehicle._tons(),
                PlacaVM=vehicle.plate,
                AnioModeloVM=int(vehicle.year),
            ),
            Seguros=Seguros(
                AseguraRespCivil=vehicle.liability_insurer.strip(),
                PolizaRespCivil=vehicle.liability_policy.strip(),
                AseguraMedAmbiente=vehicle.environment_insurer.strip() if environment else "",
                PolizaMedAmbiente=vehicle.environment_policy.strip() if environment else "",
                AseguraCarga=(vehicle.cargo_insurer or "").strip(),
                PolizaCarga=(vehicle.cargo_policy or "").strip(),
            ),
            Remolques=tuple(Remolque(SubTipoRem=trailer.kind, Placa=trailer.plate) for trailer in self.trailer_ids),
        )


class CustomerCfdiTransferStop(models.Model):
    _inherit = "customer.cfdi.transfer.stop"

    def _numbers(self):
        """IDUbicacion of each place: OR000001, DE000001, DE000002..."""
        counts = dict.fromkeys(PREFIXES, 0)
        numbers = {}
        for stop in self:
            counts[stop.kind] += 1
            numbers[stop] = f"{PREFIXES[stop.kind]}{counts[stop.kind]:06d}"
        return numbers

    def _check_stop(self, problems):
        """Add what is wrong with the place to ``problems``."""
        address, name = self.partner_id, self.partner_id.display_name
        company = address.commercial_partner_id
        if not self.moment:
            problems.append(
                self.env._("Departure or Arrival: that of %(place)s is missing; day and hour are expected.", place=name)
            )
        if self.kind == DESTINATION and rounded(self.distance, KILOMETRES) <= 0:
            problems.append(
                self.env._(
                    "Distance (km): “%(value)s” of %(place)s is not valid; the kilometers from the place before are "
                    "expected.",
                    value=self.distance,
                    place=name,
                )
            )
        rfc = company._cfdi_rfc()
        if not rfc or rfc == RFC_FOREIGN:
            problems.append(
                self.env._(
                    "RFC: “%(value)s” of %(place)s is not valid; that of the company in Mexico that sends or receives "
                    "the goods is expected.",
                    value=company.vat or "",
                    place=name,
                )
            )
        country = address.country_id
        if country and country.code != "MX":
            problems.append(
                self.env._(
                    "Country: “%(value)s” of %(place)s is not Mexico; goods that cross the border need a Carta Porte "
                    "with customs, which is not made here.",
                    value=country.name,
                    place=name,
                )
            )
            return
        warning = (
            address._postal_warning(address.zip, address.state_id)
            if address.zip
            else self.env._("Postal Code: that of %(place)s is missing; five digits are expected.", place=name)
        )
        if warning:
            problems.append(f"{name}: {warning}" if address.zip else warning)

    def _prepare_ubicacion(self, number):
        address = self.partner_id
        company = address.commercial_partner_id
        values = {"DistanciaRecorrida": rounded(self.distance, KILOMETRES)} if self.kind == DESTINATION else {}
        return Ubicacion(
            TipoUbicacion=self.kind,
            IDUbicacion=number,
            RFCRemitenteDestinatario=company._cfdi_rfc(),
            NombreRemitenteDestinatario=cfdi_text(company.cfdi_legal_name or company.name, LONGEST_NAME).upper(),
            FechaHoraSalidaLlegada=catalogs.local_time(self.moment.replace(tzinfo=timezone.utc), address.zip),
            Domicilio=self._prepare_domicilio(),
            **values,
        )

    def _prepare_domicilio(self):
        """The address in the SAT's codes: state, municipality and locality are those of its postal code."""
        address = self.partner_id
        estado, municipio, localidad = place_of(address.zip)
        return Domicilio(
            Calle=cfdi_text(address.street_name or address.street, LONGEST_STREET),
            NumeroExterior=cfdi_text(address.street_number, LONGEST_NUMBER),
            NumeroInterior=cfdi_text(address.street_number2, LONGEST_NUMBER),
            Colonia=colonia_code(address.street2 or "", address.zip),
            Localidad=localidad,
            Municipio=municipio,
            Estado=estado,
            Pais="MEX",
            CodigoPostal=address.zip,
        )


class CustomerCfdiTransferGoods(models.Model):
    _inherit = "customer.cfdi.transfer.goods"

    def _prepare_mercancia(self, numbers):
        """:param dict numbers: IDUbicacion of each place"""
        hazardous = self.hazardous == "Sí"
        value = rounded(self.value, MONEY)
        quantity = rounded(self.quantity, QUANTITY)
        return Mercancia(
            BienesTransp=self.product_code,
            Descripcion=cfdi_text(self.name, LONGEST_DESCRIPTION),
            Cantidad=quantity,
            ClaveUnidad=self.unit_code,
            Unidad=cfdi_text(self.uom_id.name, LONGEST_UNIT),
            MaterialPeligroso=self.hazardous or "",
            CveMaterialPeligroso=self.hazard_code if hazardous else "",
            Embalaje=self.packaging if hazardous else "",
            PesoEnKg=rounded(self.weight, WEIGHT),
            ValorMercancia=value or None,
            Moneda=self.currency_id.name if value else "",
            CantidadTransporta=self._prepare_ways(numbers, quantity),
        )

    def _prepare_ways(self, numbers, quantity):
        """From where to where, told where there are more than two places."""
        stops = {kind: [stop for stop in numbers if stop.kind == kind] for kind in PREFIXES}
        if len(numbers) == 2:
            return ()
        origin, destination = self.origin_id or stops[ORIGIN][0], self.destination_id or stops[DESTINATION][0]
        return (CantidadTransporta(Cantidad=quantity, IDOrigen=numbers[origin], IDDestino=numbers[destination]),)


class CustomerCfdiFigure(models.Model):
    _inherit = "customer.cfdi.figure"

    def _prepare_figura(self):
        return TiposFigura(
            TipoFigura=self.kind,
            RFCFigura=self.rfc,
            NumLicencia=self.license_number if self.kind == "01" else "",
            NombreFigura=cfdi_text(self.name, LONGEST_NAME),
            PartesTransporte=tuple(self.part_ids.mapped("code")) if self.kind in WITH_PARTS else (),
        )
