from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CalendarEvent(models.Model):
    """An event with a customer says whether it was held: the card counts planned, held and not held ones."""

    _inherit = "calendar.event"

    customer_result = fields.Selection(
        selection=[("held", "Held"), ("not_held", "Not Held")],
        string="Result",
        copy=False,
        help="Whether the event with the customer took place. Not Held: it was called off, or the customer did not "
        "come. Empty: nobody has said yet. An event that is put off to a day to come has no result any more.",
    )
    with_customer = fields.Boolean(
        compute="_compute_with_customer",
        compute_sudo=True,
        help="A customer, or a contact of one, is invited to the event.",
    )
    has_begun = fields.Boolean(compute="_compute_has_begun", help="The start of the event has passed.")

    @api.constrains("customer_result", "start")
    def _check_customer_result(self):
        now = fields.Datetime.now()
        for event in self:
            if event.customer_result == "held" and event.start > now:
                raise ValidationError(
                    self.env._(
                        "Result: “Held” of %(name)s is not valid; it starts at %(start)s (UTC), and an event that has "
                        "begun is expected.",
                        name=event.name,
                        start=event.start,
                    )
                )

    # A customer's name or rank that changes while the event is open changes nothing that is stored.
    @api.depends("partner_ids")
    def _compute_with_customer(self):
        for event in self:
            event.with_customer = any(
                partner.partner_share and partner.commercial_partner_id.customer_rank > 0
                for partner in event.partner_ids
            )

    @api.depends("start")
    def _compute_has_begun(self):
        now = fields.Datetime.now()
        for event in self:
            event.has_begun = bool(event.start) and event.start <= now

    def write(self, vals):
        if "customer_result" in vals or vals.keys().isdisjoint({"start", "start_date"}):
            return super().write(vals)
        # An event that was missed and put off is planned again. Before it is moved: a held one cannot be to come.
        start = fields.Datetime.to_datetime(vals.get("start") or vals.get("start_date"))
        if start and start > fields.Datetime.now() and any(event.customer_result for event in self.sudo()):
            vals = {**vals, "customer_result": False}
        return super().write(vals)

    def unlink(self):
        # The database deletes the activities of a deleted event.
        partners = self.sudo().with_context(active_test=False).activity_ids.document_partner_id
        result = super().unlink()
        self.env["customer.figure.pending"].sudo()._mark(partners, ["activities"])
        return result

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_customer_held(self):
        """Say that these events with customers took place.

        :return: True
        :raise AccessError: the user may not write one of them
        :raise ValidationError: one of them has not begun
        """
        return self._set_customer_result("held")

    def action_customer_not_held(self):
        """Say that these events with customers did not take place: called off, or the customer did not come.

        :return: True
        :raise AccessError: the user may not write one of them
        """
        return self._set_customer_result("not_held")

    def action_customer_no_result(self):
        """Take back what was said of these events; they are planned again, or wait for their result.

        :return: True
        :raise AccessError: the user may not write one of them
        """
        return self._set_customer_result(False)

    def _set_customer_result(self, result):
        # A result is each event's own, also of one that repeats.
        return self.write({"customer_result": result, "recurrence_update": "self_only"})
