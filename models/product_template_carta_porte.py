from odoo import fields, models

from .customer_cfdi_transfer_lines import HAZARDS
from .customer_cfdi_vehicle import sat_catalogue


class ProductTemplate(models.Model):
    """What the Carta Porte says of a product that travels."""

    _inherit = "product.template"

    cfdi_hazardous = fields.Selection(
        HAZARDS,
        string="Dangerous Goods (SAT)",
        help="MaterialPeligroso in the Carta Porte. Sí or No only where the SAT's catalogue says that goods of this "
        "code may be dangerous; else leave it empty.",
    )
    cfdi_hazard_code = fields.Char(
        string="Dangerous Goods Code (SAT)",
        help="CveMaterialPeligroso: four digits of the catalogue c_MaterialPeligroso (the UN number), such as 1203 for "
        "gasoline.",
    )
    cfdi_packaging = fields.Selection(
        sat_catalogue("c_TipoEmbalaje"),
        string="Packaging (SAT)",
        help="Embalaje of dangerous goods in the Carta Porte.",
    )


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _cfdi_weight(self, quantity, unit):
        """Kilograms of a quantity of the product; Odoo keeps weights in kilograms or pounds, as the settings say.

        :return: 0 where nobody knows
        """
        self.ensure_one()
        kilogram = self.env.ref("uom.product_uom_kgm")
        unit = unit or self.uom_id
        if not self.weight:
            # What is counted by weight weighs what it is.
            known = unit._has_common_reference(kilogram)
            return unit._compute_quantity(quantity, kilogram, round=False) if known else 0
        if not unit._has_common_reference(self.uom_id):
            return 0
        of_weight = self.product_tmpl_id._get_weight_uom_id_from_ir_config_parameter()
        pieces = unit._compute_quantity(quantity, self.uom_id, round=False)
        return of_weight._compute_quantity(self.weight * pieces, kilogram, round=False)
