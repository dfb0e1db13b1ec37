from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    addenda_template_id = fields.Many2one(
        comodel_name="customer.addenda",
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
        help="Addenda that the customer asks for: it goes into the XML of each of its invoices, after the stamp. "
        "What is sealed and stored does not change.",
    )

    @api.model
    def _commercial_fields(self):
        return super()._commercial_fields() + ["addenda_template_id"]
