from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..cfdi.catalogs import product_code_exists, unit_code_exists
from . import sat_catalogs
from .account_move_conceptos import (
    ACTIVITY,
    DOWN_PAYMENT_CODE,
    LONGEST_DESCRIPTION,
    LONGEST_NUMBER,
    LONGEST_UNIT,
    SERVICE_TEXTS,
    cfdi_text,
)

# Codes of c_ObjetoImp with which a concepto has no taxes at all (CFDI40172), or not those (guide of the Anexo 20).
WITHOUT_TAXES = frozenset({"01", "03", "04", "05"})
WITHOUT_ADDED_TAXES = frozenset({"06", "08"})
WITHOUT_IVA = "07"
IVA, IEPS = "002", "003"


class AccountMoveLine(models.Model):
    """What a line says in the CFDI, where its product does not say it or this invoice says something else."""

    _inherit = "account.move.line"

    cfdi_product_code = fields.Char(
        string="SAT Product Code",
        help="ClaveProdServ of this line in the CFDI, eight digits. Empty, that of the product; of a line without "
        "product, the one in the settings.",
    )
    cfdi_unit_code = fields.Char(
        string="SAT Unit Code",
        help="ClaveUnidad of this line in the CFDI, such as H87 for a piece or E48 for a service. Empty, that of the "
        "unit of measure; of a line without one, the one in the settings.",
    )
    cfdi_tax_object = fields.Selection(
        selection=sat_catalogs.TAX_OBJECTS,
        string="Tax Object (SAT)",
        help="ObjetoImp of this line. Empty, that of the product; without one either, it follows from the taxes: 02 "
        "with taxes, 01 without.",
    )

    @api.constrains("cfdi_product_code", "cfdi_unit_code")
    def _check_cfdi_codes(self):
        for line in self:
            self._check_sat_codes(line.cfdi_product_code, line.cfdi_unit_code, line.name or line.display_name)

    @api.model
    def _check_sat_codes(self, product_code, unit_code, name):
        """:raise ValidationError: a code is not in the SAT's catalogue"""
        if product_code and not product_code_exists(product_code):
            raise ValidationError(
                self.env._(
                    "SAT Product Code: “%(value)s” of %(name)s is not in the SAT's catalogue c_ClaveProdServ; eight "
                    "digits such as 43211503 are expected.",
                    value=product_code,
                    name=name,
                )
            )
        if unit_code and not unit_code_exists(unit_code):
            raise ValidationError(
                self.env._(
                    "SAT Unit Code: “%(value)s” of %(name)s is not in the SAT's catalogue c_ClaveUnidad; one such as "
                    "H87 (piece) or E48 (service) is expected.",
                    value=unit_code,
                    name=name,
                )
            )

    def _prepare_cfdi_texts(self, problems):
        """Codes and texts of the concepto of this line; what is missing is added to ``problems``."""
        self.ensure_one()
        move, product = self.move_id, self.product_id
        # In the language of the customer, as the line itself.
        unit = self.product_uom_id.with_context(lang=move.partner_id.lang)
        if move.cfdi_global_periodicity:
            return self._prepare_global_texts()
        name = cfdi_text(self.name or product.display_name, LONGEST_DESCRIPTION)
        if self.is_downpayment:
            # Appendix 6 of the guide: one concepto of these codes, without the product's.
            applied = move.move_type == "out_invoice" or move.cfdi_relation_type == "07"
            return {
                "ClaveProdServ": DOWN_PAYMENT_CODE,
                "ClaveUnidad": ACTIVITY,
                "Descripcion": SERVICE_TEXTS[move._cfdi_type()] if applied else name,
            }
        company = move.company_id
        code = self.cfdi_product_code or product.cfdi_product_code
        unit_code = self.cfdi_unit_code or unit.cfdi_unit_code
        if not product:
            code = code or company.cfdi_line_product_code
            unit_code = unit_code or company.cfdi_line_unit_code
        if not name:
            problems.append(
                self.env._(
                    "A line of %(amount)s has no description; a CFDI needs one. Write it on the line.",
                    amount=self.price_subtotal,
                )
            )
        label = name or self.price_subtotal
        if not code:
            problems.append(
                self.env._(
                    "“%(line)s”: the product “%(product)s” has no “SAT Product Code”. Write it on the product, or on "
                    "the line.",
                    line=label,
                    product=product.display_name,
                )
                if product
                else move._line_code_problem(label)
            )
        elif not product_code_exists(code):
            problems.append(
                self.env._(
                    "“%(line)s”: the “SAT Product Code” %(code)s is not in the SAT's catalogue; eight digits such as "
                    "43211503 are expected.",
                    line=label,
                    code=code,
                )
            )
        if not unit_code:
            problems.append(
                self.env._(
                    "“%(line)s”: the unit “%(unit)s” has no “SAT Unit Code”. Write it on the unit of measure, or on "
                    "the line.",
                    line=label,
                    unit=unit.name,
                )
                if unit
                else self.env._(
                    "“%(line)s” has no unit of measure: its “SAT Unit Code” is missing. Write it on the line, or one "
                    "for all lines without product in Settings / Invoicing / CFDI.",
                    line=label,
                )
            )
        elif not unit_code_exists(unit_code):
            problems.append(
                self.env._(
                    "“%(line)s”: the “SAT Unit Code” %(code)s is not in the SAT's catalogue; one such as H87 (piece) "
                    "or E48 (service) is expected.",
                    line=label,
                    code=unit_code,
                )
            )
        return {
            "ClaveProdServ": code or "",
            "NoIdentificacion": cfdi_text(product.default_code, LONGEST_NUMBER),
            "ClaveUnidad": unit_code or "",
            "Unidad": cfdi_text(unit.name, LONGEST_UNIT),
            "Descripcion": name,
        }

    def _cfdi_tax_object(self):
        """ObjetoImp that somebody has chosen for this line; empty where it follows from the taxes."""
        return self.cfdi_tax_object or self.product_id.cfdi_tax_object or ""

    def _taxes_of_object(self, tax_object, taxes, problems):
        """The taxes that a concepto with this ObjetoImp may show; one with an amount is told and not left out."""
        if tax_object in WITHOUT_TAXES:
            kept = []
        elif tax_object in WITHOUT_ADDED_TAXES:
            kept = [tax for tax in taxes if tax.withheld]
        elif tax_object == WITHOUT_IVA:
            kept = [tax for tax in taxes if tax.withheld or tax.Impuesto != IVA]
        else:
            kept = taxes
        wrong = any(tax.TasaOCuota for tax in taxes if tax not in kept)
        missing = (tax_object == "02" and not kept) or (
            tax_object == WITHOUT_IVA and not any(tax.Impuesto == IEPS for tax in kept)
        )
        if wrong or missing:
            problems.append(
                self.env._(
                    "“%(line)s”: its taxes (%(taxes)s) do not go with its “Tax Object (SAT)” %(object)s. Change the "
                    "taxes of the line, or the tax object on the line or the product.",
                    line=self.name,
                    taxes=", ".join(self.tax_ids.mapped("name")) or "-",
                    object=tax_object,
                )
            )
        return kept
