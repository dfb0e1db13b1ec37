from odoo import fields, models

PAC_ENVIRONMENTS = [
    ("simulator", "Simulator (no legal value)"),
    ("test", "Finkok, test"),
    ("production", "Finkok, production"),
]


class ResCompany(models.Model):
    """How a company issues CFDI. Its tax data are those of its own partner, its seal is a certificate of Odoo."""

    _inherit = "res.company"

    cfdi_pac_environment = fields.Selection(
        selection=PAC_ENVIRONMENTS,
        string="PAC",
        help="Where the CFDIs of this company are stamped. The simulator is a server of your own for trials: "
        "what it stamps has no legal value.",
    )
    cfdi_pac_url = fields.Char(
        string="Simulator URL",
        groups="base.group_system",
        help="Address of the simulator, such as http://localhost:8070.",
    )
    cfdi_pac_username = fields.Char(string="PAC User", groups="base.group_system")
    cfdi_pac_password = fields.Char(string="PAC Password", groups="base.group_system")

    def _business_time_zone(self):
        """Name of the time zone in which the company's days begin: of its contact, else of most of Mexico."""
        self.ensure_one()
        return self.partner_id.tz or "America/Mexico_City"
