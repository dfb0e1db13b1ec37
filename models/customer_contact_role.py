from odoo import fields, models


class CustomerContactRole(models.Model):
    """What a contact does at the customer: who orders, who pays, who receives."""

    _name = "customer.contact.role"
    _inherit = ["customer.catalogue"]
    _description = "Customer Contact Role"
    _order = "sequence, name, id"

    name = fields.Char(required=True)
    code = fields.Char(
        required=True,
        copy=False,
        help="Short name for integrations, such as PAGOS. Capitals, unique.",
    )
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    active = fields.Boolean(default=True)

    _unique_code = models.UniqueIndex(
        "(code)", "Code: there is another role with this code, perhaps archived; a code of its own is expected."
    )
