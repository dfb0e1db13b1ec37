from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

TYPES = [
    ("call", "Call"),
    ("visit", "Visit"),
    ("email", "E-mail"),
    ("message", "Message"),
    ("meeting", "Meeting"),
    ("collection", "Collection"),
    ("delivery", "Delivery"),
    ("complaint", "Complaint"),
    ("note", "Note"),
    ("other", "Other"),
]
# What an activity has of its entry: its own field by the entry's.
ACTIVITY_FIELDS = {"partner_id": "res_id", "author_id": "user_id", "next_date": "date_deadline", "summary": "summary"}


class CustomerLog(models.Model):
    """Bitácora: what was said and done with a customer, when and by whom, and when somebody comes back to it.

    An entry with a follow-up date keeps one activity of the customer in step, both ways: they share the date, and
    whoever marks one done has done the other. Whoever may read a customer may read its entries.
    """

    _name = "customer.log"
    _description = "Customer Log Entry"
    _order = "date desc, id desc"
    _rec_name = "summary"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("customer_rank", ">", 0), ("parent_id", "=", False)],
        help="The customer that the entry is about. Given one of its contacts, it becomes the customer of the contact.",
    )
    contact_id = fields.Many2one(
        comodel_name="res.partner",
        index="btree_not_null",
        ondelete="set null",
        domain="[('id', 'child_of', partner_id), ('id', '!=', partner_id)]",
        help="With whom it was, if it was one of the customer's contacts.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The entry is seen by the users of this company.",
    )
    date = fields.Datetime(
        required=True,
        default=fields.Datetime.now,
        help="When it happened, not when it was written down.",
    )
    type = fields.Selection(
        selection=TYPES,
        required=True,
        default="call",
        help="Kind of contact: a call, a visit, a collection call... To filter the log by it.",
    )
    summary = fields.Char(required=True, help="What it was about, in one line.")
    note = fields.Html(string="Details", sanitize_style=True)
    author_id = fields.Many2one(
        comodel_name="res.users",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
        help="Who was there. The follow-up is this user's.",
    )
    next_date = fields.Date(
        string="Follow-up Date",
        index="btree_not_null",
        help="When to come back to it: an activity of the customer is scheduled for that day, and moves with it.",
    )
    done = fields.Boolean(
        help="Nothing is left to do. Marked with the activity of the follow-up, and the other way round.",
    )
    activity_id = fields.Many2one(
        comodel_name="mail.activity",
        string="Follow-up Activity",
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        readonly=True,
    )

    _partner_date_idx = models.Index("(partner_id, date DESC)")

    @api.constrains("partner_id", "contact_id")
    def _check_contact(self):
        for entry in self.sudo():
            if entry.contact_id and entry.contact_id.commercial_partner_id != entry.partner_id:
                raise ValidationError(
                    self.env._(
                        "Contact: “%(value)s” is not a contact of %(name)s; one of its contacts is expected.",
                        value=entry.contact_id.display_name,
                        name=entry.partner_id.display_name,
                    )
                )

    # ------------------------------------------------------
    # CRUD
    # ------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        entries = super().create(self._prepare_partner_vals(vals_list))
        entries.filtered("next_date")._sync_follow_up(ACTIVITY_FIELDS)
        return entries

    def write(self, vals):
        author_id = vals.get("author_id", self.env.uid)
        if author_id != self.env.uid and not self._is_manager():
            raise AccessError(
                self.env._("Author: an entry is its author's; only an administrator of customers gives it to another.")
            )
        result = super().write(self._prepare_partner_vals([vals])[0] if "partner_id" in vals else vals)
        if "done" in vals or not ACTIVITY_FIELDS.keys().isdisjoint(vals):
            self._sync_follow_up(vals)
        return result

    def unlink(self):
        activities = self.sudo().activity_id.filtered("active")
        result = super().unlink()
        activities.unlink()
        return result

    @api.model
    def _prepare_partner_vals(self, vals_list):
        """An entry is the customer's: given one of its contacts, that is with whom it was."""
        default_id = self.env.context.get("default_partner_id")
        given = [vals.get("partner_id", default_id) for vals in vals_list]
        partners = self.env["res.partner"].browse({partner_id for partner_id in given if partner_id})
        commercial = {partner.id: partner.commercial_partner_id.id for partner in partners.sudo()}
        return [
            vals
            if not partner_id or commercial[partner_id] == partner_id
            else {"contact_id": partner_id, **vals, "partner_id": commercial[partner_id]}
            for vals, partner_id in zip(vals_list, given, strict=True)
        ]

    # ------------------------------------------------------
    # Access: the rules of the customers hold for their entries
    # ------------------------------------------------------

    @api.model
    def _is_manager(self):
        return self.env.su or self.env.user.has_group("l10n_mx_customer.group_customer_manager")

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su or not self:
            return result
        forbidden, make_error = result or (self.browse(), None)
        allowed = self - forbidden
        readable = allowed.sudo().partner_id.sudo(False)._filtered_access("read")
        hidden = allowed.filtered(
            lambda entry: entry.sudo().partner_id and entry.sudo().partner_id.sudo(False) not in readable
        )
        if not hidden:
            return result
        return forbidden + hidden, make_error or (lambda: self.env["ir.rule"]._make_access_error(operation, hidden))

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, *, bypass_access=False, **kwargs):
        if not self.env.su and not bypass_access:
            customers = self.env["res.partner"].with_context(active_test=False)._search(Domain.TRUE)
            if customers.where_clause or customers.is_empty():
                domain = Domain(domain) & Domain("partner_id", "in", customers)
        return super()._search(domain, offset, limit, order, bypass_access=bypass_access, **kwargs)

    # ------------------------------------------------------
    # Follow-up
    # ------------------------------------------------------

    def action_done(self):
        """Mark these entries done, and the activities of their follow-ups with them.

        :return: True
        :raise AccessError: an entry of another author, unless the user is an administrator of customers
        """
        return self.write({"done": True})

    def action_reopen(self):
        """Mark these entries not done; those with a follow-up date get an activity again.

        :return: True
        :raise AccessError: an entry of another author, unless the user is an administrator of customers
        """
        return self.write({"done": False})

    def _sync_follow_up(self, names):
        """Bring the activities in step with their entries.

        As the system: whoever may write an entry may schedule its follow-up, without the right to write the customer.

        :param names: the fields of the entries that changed; an activity's others stay, such as whom it was given to
        """
        entries = self.sudo()
        live = entries.filtered(lambda entry: entry.activity_id.active)
        done = live.filtered("done")
        dropped = live.filtered(lambda entry: not entry.done and not entry.next_date)
        due = entries.filtered(lambda entry: not entry.done and entry.next_date)
        if done:
            done.activity_id.action_feedback()
        if dropped:
            dropped.activity_id.unlink()
        for entry in due & live:
            changed = entry._prepare_activity_vals(names)
            if changed.get("date_deadline") == entry.activity_id.date_deadline:
                del changed["date_deadline"]  # it is the activity that moved, and the entry that followed
            if changed:
                entry.activity_id.write(changed)
        due -= live
        if due:
            partner_model = self.env["ir.model"]._get_id("res.partner")
            activity_type = self.env.ref("l10n_mx_customer.mail_activity_type_log", raise_if_not_found=False)
            activities = entries.env["mail.activity"].create(
                [
                    {
                        **entry._prepare_activity_vals(ACTIVITY_FIELDS),
                        "res_model_id": partner_model,
                        "activity_type_id": activity_type.id if activity_type else False,
                    }
                    for entry in due
                ]
            )
            for entry, activity in zip(due, activities, strict=True):
                entry.activity_id = activity

    def _prepare_activity_vals(self, names):
        self.ensure_one()
        values = self._convert_to_write({name: self[name] for name in ACTIVITY_FIELDS if name in names})
        return {ACTIVITY_FIELDS[name]: value for name, value in values.items()}
