from collections import defaultdict

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

REVIEWER_GROUP = "l10n_mx_customer.group_file_reviewer"
REVIEWED = ("valid", "rejected")
# What a review is about: whoever changes one of them without the right to review has the file reviewed again.
SUBJECT_FIELDS = ("checksum", "url", "type", "res_id", "customer_file_type_id", "customer_file_expires_on")
REVIEW_FIELDS = {
    *("customer_file_state", "customer_file_reason", "customer_file_reviewer_id", "customer_file_reviewed_on")
}
FILE_FIELDS = REVIEW_FIELDS | {"customer_file_type_id", "customer_file_expires_on"}
# The fields of a write that can concern a customer's file; any other write passes untouched.
WATCHED = FILE_FIELDS | {"datas", "raw", "db_datas", "url", "type", "res_model", "res_id", "res_field"}

# What the customer's counts of files are made of.
FIGURE_FIELDS = {"customer_file_state", "res_model", "res_id", "res_field"}


class IrAttachment(models.Model):
    """The files of a customer are the attachments of its partner, those of the chatter among them.

    They have a type, an expiry date and a review. A file is pending until somebody with the right to review finds it
    valid or rejects it with a reason, and pending again when its content, type or expiry date changes. Who may read,
    change or delete a file is Odoo's rule: whoever may read, or write, the customer.
    """

    _inherit = "ir.attachment"

    customer_file_type_id = fields.Many2one(
        comodel_name="customer.file.type",
        string="File Type",
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
        help="What the document is: Constancia de Situación Fiscal, contract, proof of address... "
        "Types that a customer must have and does not are shown as missing on its card.",
    )
    # Attachments of other documents have no state: the table is Odoo's largest, and they need none.
    customer_file_state = fields.Selection(
        selection=[("pending", "Pending Review"), ("valid", "Valid"), ("rejected", "Rejected")],
        string="Review",
        copy=False,
        index="btree_not_null",
        groups="base.group_user",
        help="Every new file of a customer waits for review. A rejected one counts as missing.",
    )
    customer_file_reason = fields.Text(
        string="Rejection Reason",
        copy=False,
        groups="base.group_user",
        help="Why the file was rejected, and what the customer has to send instead.",
    )
    customer_file_reviewer_id = fields.Many2one(
        comodel_name="res.users",
        string="Reviewer",
        copy=False,
        readonly=True,
        groups="base.group_user",
        help="Who found the file valid or rejected it.",
    )
    customer_file_reviewed_on = fields.Datetime(
        string="Reviewed On",
        copy=False,
        readonly=True,
        groups="base.group_user",
    )
    customer_file_expires_on = fields.Date(
        string="Expires On",
        index="btree_not_null",
        groups="base.group_user",
        help="Last day on which the document is good. Proposed from the validity of its type. Some days before, its "
        "renewal appears among the salesperson's activities; after it, the file counts as missing.",
    )
    customer_file_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        compute="_compute_customer_file_partner_id",
        search="_search_customer_file_partner_id",
        groups="base.group_user",
    )

    @api.constrains("customer_file_state", "customer_file_reason")
    def _check_customer_file_reason(self):
        for file in self.sudo():
            if file.customer_file_state == "rejected" and not (file.customer_file_reason or "").strip():
                raise ValidationError(
                    self.env._(
                        "Rejection Reason: it is empty in “%(name)s”; a rejected file must say why.", name=file.name
                    )
                )

    @api.depends("res_model", "res_field", "res_id")
    def _compute_customer_file_partner_id(self):
        for file in self:
            file.customer_file_partner_id = file.res_id if file._is_partner_file() else False

    @api.model
    def _search_customer_file_partner_id(self, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        partners = self.env["res.partner"].with_context(active_test=False)
        query = partners._search(value if operator == "any" else [("id", "in", list(value))])
        domain = self._customer_file_domain() & Domain("res_id", "in", query)
        if operator == "in" and False in value:
            domain |= ~self._customer_file_domain()
        return domain

    @api.onchange("customer_file_type_id")
    def _onchange_customer_file_type_id(self):
        for file in self:
            if not file.customer_file_expires_on:
                file.customer_file_expires_on = file.customer_file_type_id._proposed_expiry()

    # ------------------------------------------------------
    # CRUD
    # ------------------------------------------------------

    def _init_column(self, column_name):
        """The files that customers have when the addon is installed wait for review like those that come later."""
        if column_name != "customer_file_state":
            return super()._init_column(column_name)
        self.env.cr.execute(
            "UPDATE ir_attachment SET customer_file_state = 'pending' "
            "WHERE res_model = 'res.partner' AND res_id != 0 AND res_field IS NULL"
        )
        return None

    @api.model_create_multi
    def create(self, vals_list):
        # Odoo makes attachments all the time, assets and pictures among them: this look is all that they pay.
        default_model = self.env.context.get("default_res_model")
        concerned = [
            index
            for index, vals in enumerate(vals_list)
            if (vals.get("res_model", default_model) == "res.partner" and not vals.get("res_field"))
            or not FILE_FIELDS.isdisjoint(vals)
        ]
        if concerned:
            vals_list = list(vals_list)
            for index in concerned:
                vals_list[index] = self._prepare_customer_file_vals(vals_list[index], default_model)
        files = super().create(vals_list)
        if concerned:
            ids = files.ids
            files.browse(ids[index] for index in concerned)._log_review()
            self._forget_missing_types()
            self._mark_file_counts(files._file_partners())
        return files

    @api.model
    def _prepare_customer_file_vals(self, vals, default_model):
        # A form sends what is empty too: nothing has been said of a review then.
        vals = self._stamp_review({name: value for name, value in vals.items() if value or name not in REVIEW_FIELDS})
        model = vals.get("res_model", default_model)
        if model == "res.partner" and not vals.get("res_field"):
            # Named, and not left to the context: Odoo checks the rights on the document that the values name.
            vals = {"customer_file_state": "pending", **vals, "res_model": model}
        if vals.get("customer_file_type_id") and "customer_file_expires_on" not in vals:
            file_type = self.env["customer.file.type"].browse(vals["customer_file_type_id"])
            vals = {**vals, "customer_file_expires_on": file_type._proposed_expiry()}
        return vals

    def write(self, vals):
        if WATCHED.isdisjoint(vals):
            return super().write(vals)
        vals = self._stamp_review(vals)
        before = {file: file._reviewed_values() for file in self.sudo() if file.customer_file_state in REVIEWED}
        partners = self._file_partners()
        undated = self.browse()
        if vals.get("customer_file_type_id") and "customer_file_expires_on" not in vals:
            undated = self.sudo().filtered(lambda file: not file.customer_file_expires_on).sudo(False)
        result = super().write(vals)
        if undated:
            expiry = undated.sudo().customer_file_type_id._proposed_expiry()
            super(IrAttachment, undated).write({"customer_file_expires_on": expiry})
        self._await_review(vals, before)
        if "customer_file_state" in vals:
            self._log_review()
        self._forget_missing_types()
        if not FIGURE_FIELDS.isdisjoint(vals):
            self._mark_file_counts(partners | self._file_partners())
        return result

    def unlink(self):
        partners = self._file_partners()
        result = super().unlink()
        if partners:
            self._forget_missing_types()
            self._mark_file_counts(partners)
        return result

    # ------------------------------------------------------
    # Review
    # ------------------------------------------------------

    @api.model
    def _stamp_review(self, vals):
        """Add who reviews and when to the values of a review; refuse a review of somebody without the right to it."""
        if not self.env.su and not vals.keys().isdisjoint({"customer_file_reviewer_id", "customer_file_reviewed_on"}):
            raise UserError(self.env._("Reviewer, Reviewed On: they are written by the review itself, and not given."))
        state = vals.get("customer_file_state")
        if state in REVIEWED or vals.get("customer_file_reason"):
            self._check_reviewer()
        if state in REVIEWED:
            return {
                "customer_file_reviewer_id": self.env.uid,
                "customer_file_reviewed_on": fields.Datetime.now(),
                **({"customer_file_reason": False} if state == "valid" else {}),
                **vals,
            }
        if state == "pending":
            return {**vals, **self._pending_values()}
        return vals

    @api.model
    def _check_reviewer(self):
        if not self._is_reviewer():
            raise AccessError(
                self.env._(
                    "Review: only the members of the group “%(group)s” find a customer's files valid or reject them.",
                    group=self.env.ref(REVIEWER_GROUP).sudo().full_name,
                )
            )

    @api.model
    def _is_reviewer(self):
        return self.env.su or self.env.user.has_group(REVIEWER_GROUP)

    @api.model
    def _pending_values(self):
        return {
            "customer_file_state": "pending",
            "customer_file_reason": False,
            "customer_file_reviewer_id": False,
            "customer_file_reviewed_on": False,
        }

    def _file_partners(self):
        """Whose files these are, as far as they are files of partners."""
        return self.env["res.partner"].browse({file.res_id for file in self.sudo() if file._is_partner_file()})

    @api.model
    def _mark_file_counts(self, partners):
        self.env["customer.figure.pending"].sudo()._mark(partners, ["files"])

    def _is_partner_file(self):
        return self.res_model == "res.partner" and bool(self.res_id) and not self.res_field

    @api.model
    def _customer_file_domain(self):
        return Domain("res_model", "=", "res.partner") & Domain("res_field", "=", False)

    def _reviewed_values(self):
        return {name: self[name] for name in SUBJECT_FIELDS}

    def _await_review(self, vals, before):
        """Have the files reviewed that are new to a customer, or that are not any more what was reviewed.

        A review in the same write stands. Merging two customers moves the files of one to the other, as the system:
        they stay what they were.
        """
        files = self.sudo()
        awaiting = files.filtered(lambda file: file._is_partner_file() and not file.customer_file_state)
        if "customer_file_state" not in vals:
            ignored = set()
            if self.env.su:
                ignored = {"res_id"}
            elif self._is_reviewer():
                ignored = {"customer_file_type_id", "customer_file_expires_on"}
            for file, old in before.items():
                new = file._reviewed_values()
                if any(new[name] != old[name] for name in SUBJECT_FIELDS if name not in ignored):
                    awaiting |= file
        if awaiting:
            awaiting.write(self._pending_values())

    @api.model
    def _forget_missing_types(self):
        """What a customer lacks is not stored, and does not depend on the attachments: each of them would pay."""
        self.env["res.partner"].invalidate_model(["missing_file_type_ids"], flush=False)

    def _log_review(self):
        """Leave a note of each review in the customer's chatter: a later review writes over it."""
        lines = defaultdict(list)
        labels = dict(self._fields["customer_file_state"]._description_selection(self.env))
        for file in self.sudo():
            if file._is_partner_file() and file.customer_file_state in REVIEWED:
                text = f"{file.name}: {labels[file.customer_file_state]}"
                if file.customer_file_reason:
                    text += f" - {file.customer_file_reason}"
                lines[file.res_id].append(text)
        if lines:
            self.env["res.partner"].browse(lines)._message_log_batch(
                {partner_id: Markup("<br/>").join(texts) for partner_id, texts in lines.items()}
            )

    # ------------------------------------------------------
    # Actions
    # ------------------------------------------------------

    def action_customer_file_approve(self):
        """Find these files of customers valid. The reviewer and the moment are kept; any earlier reason is removed.

        :return: True
        :raise AccessError: the user may not review, or may not write the customer
        :raise UserError: one of them is not a customer's file
        """
        self._check_customer_files()
        return self.write({"customer_file_state": "valid"})

    def action_customer_file_reject(self, reason):
        """Reject these files of customers.

        :param str reason: why, and what is expected instead; required
        :return: True
        :raise AccessError: the user may not review, or may not write the customer
        :raise UserError: one of them is not a customer's file
        :raise ValidationError: there is no reason
        """
        self._check_customer_files()
        return self.write({"customer_file_state": "rejected", "customer_file_reason": (reason or "").strip()})

    def action_customer_file_open(self):
        """Show this file in the browser.

        :return: an act_url action
        """
        self.ensure_one()
        url = self.url if self.type == "url" else f"/web/content/{self.id}"
        return {"type": "ir.actions.act_url", "url": url, "target": "new"}

    def _check_customer_files(self):
        for file in self:
            if not file._is_partner_file():
                raise UserError(
                    self.env._("“%(name)s” is not a file of a customer: there is nothing to review.", name=file.name)
                )
