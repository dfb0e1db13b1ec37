from odoo import api, fields, models

from ..models.customer_cfdi import STATES


class CustomerStampResult(models.TransientModel):
    """What happened with each invoice that was stamped from the card, to be read and gone through."""

    _name = "customer.stamp.result"
    _description = "Result of Stamping"
    _order = "id"

    move_id = fields.Many2one("account.move", string="Invoice", readonly=True, ondelete="cascade")
    state = fields.Selection([*STATES, ("invalid", "Not Sealed")], readonly=True)
    uuid = fields.Char(string="Fiscal Folio (UUID)", readonly=True)
    message = fields.Text(string="Result", readonly=True, help="What the PAC answered, or what has to be mended first.")

    def action_open(self):
        """Open the invoice, to mend what is wrong.

        :return: a window action on ``account.move``
        """
        self.ensure_one()
        return self.move_id.get_formview_action() | {"context": {}}

    @api.model
    def _action_show(self, results, pending):
        """A window action that lists results, those that failed first.

        :param list results: as ``account.move.cfdi_stamp`` answers
        :param int pending: how many were not tried
        """
        stamped = [result for result in results if result["state"] == "stamped"]
        failed = [result for result in results if result["state"] != "stamped"]
        lines = self.create(
            [
                {
                    "move_id": result["move_id"],
                    "state": result["state"],
                    "uuid": result["uuid"],
                    "message": result["message"],
                }
                for result in failed + stamped
            ]
        )
        title = self.env._("%(stamped)s of %(total)s stamped", stamped=len(stamped), total=len(results))
        if pending:
            title = self.env._("%(title)s; %(count)s more to go: stamp again", title=title, count=pending)
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": self._name,
            "view_mode": "list",
            "views": [(self.env.ref("l10n_mx_customer.view_customer_stamp_result_list").id, "list")],
            "domain": [("id", "in", lines.ids)],
            "target": "new",
        }
