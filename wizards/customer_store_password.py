from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class CustomerStorePassword(models.TransientModel):
    """Sets the password of a customer's portal user, the one it enters the store with.

    The password is set the moment it is given, when the wizard is created or written, and kept nowhere: the wizard has
    no column for it, reading it gives nothing. Odoo's own way of changing passwords is used, so that its policy holds,
    its sessions end and its warning reaches the user. ``action_apply`` closes the wizard, and fails when no password
    was set.
    """

    _name = "customer.store.password"
    _description = "Change Store Password"
    _transient_max_hours = 0.2

    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", required=True, ondelete="cascade")
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Portal User",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', store_user_ids)]",
        help="Whose password is changed: a portal user of the customer or of one of its contacts.",
    )
    store_user_ids = fields.Many2many(comodel_name="res.users", compute="_compute_store_user_ids")
    password = fields.Char(
        string="New Password",
        compute="_compute_password",
        inverse="_inverse_password",
        store=False,
        help="Set as soon as it is saved, and never shown again.",
    )
    password_confirmation = fields.Char(
        string="New Password (Confirmation)",
        compute="_compute_password",
        inverse="_inverse_password",
        store=False,
    )
    done = fields.Boolean(readonly=True, help="The password was set.")

    # ------------------------------------------------------------
    # COMPUTE, INVERSE
    # ------------------------------------------------------------

    @api.depends("partner_id")
    def _compute_store_user_ids(self):
        for wizard in self:
            wizard.store_user_ids = wizard.partner_id._get_store_users() if wizard.partner_id else False

    @api.depends("partner_id")
    def _compute_user_id(self):
        for wizard in self:
            wizard.user_id = wizard.store_user_ids[:1]

    @api.depends_context("uid")
    def _compute_password(self):
        self.password = False
        self.password_confirmation = False

    def _inverse_password(self):
        for wizard in self:
            password, confirmation = wizard.password, wizard.password_confirmation
            # Out of the cache at once: nothing reads it back, not even this request's answer.
            wizard.invalidate_recordset(["password", "password_confirmation"], flush=False)
            if password:
                wizard._set_store_password(password, confirmation)

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        # Only _set_store_password says that it is done.
        return super().create([{name: value for name, value in vals.items() if name != "done"} for vals in vals_list])

    def write(self, vals):
        if "done" in vals and not self.env.su:
            vals = {name: value for name, value in vals.items() if name != "done"}
        return super().write(vals)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_apply(self):
        """Close the wizard.

        :return: the action that closes the window
        :raise UserError: no password was given
        """
        self.ensure_one()
        if not self.done:
            raise UserError(
                self.env._(
                    "New Password: no password was given for %(name)s; one is expected.",
                    name=self.partner_id.display_name,
                )
            )
        return {"type": "ir.actions.act_window_close"}

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _set_store_password(self, password, confirmation):
        self.ensure_one()
        if confirmation and confirmation != password:
            raise UserError(self.env._("New Password: the password and its confirmation are not the same."))
        customer = self.partner_id.commercial_partner_id
        customer.check_access("write")
        user = self.user_id
        if not user:
            raise UserError(
                self.env._(
                    "Change Store Password: %(name)s has no portal user yet; grant portal access to the customer "
                    "or to one of its contacts first.",
                    name=customer.display_name,
                )
            )
        # Searched as the user himself: he reaches portal users of this customer and of his companies, nobody else.
        # An internal user is never one of them, whatever partner it is linked to.
        if user not in customer.with_env(self.env)._get_store_users():
            raise AccessError(
                self.env._(
                    "Portal User: the password of the user of id %(id)s cannot be changed here; a portal user of "
                    "%(name)s is expected.",
                    id=user.id,
                    name=customer.display_name,
                )
            )
        # Sudo: who keeps customers does not administer users. Checked above: this one portal user, its password.
        user.sudo()._change_password(password)
        customer._message_log(body=self.env._("The store password of %(login)s was changed.", login=user.sudo().login))
        self.sudo().done = True
