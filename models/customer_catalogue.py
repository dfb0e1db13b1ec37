from odoo import api, models


class CustomerCatalogue(models.AbstractModel):
    """A catalogue whose records integrations name by a short ``code``: kept without blanks around it, in capitals."""

    _name = "customer.catalogue"
    _description = "Customer Catalogue"

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._normalize_vals(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._normalize_vals(vals))

    @api.model
    def _normalize_vals(self, vals):
        if isinstance(vals.get("code"), str):
            return {**vals, "code": vals["code"].strip().upper()}
        return vals
