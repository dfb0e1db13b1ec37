from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL

from .customer_file_type import DEFAULT_NOTICE_DAYS

BATCH = 500


class IrAttachment(models.Model):
    """Files of customers expire: some days before, their renewal is put among somebody's activities."""

    _inherit = "ir.attachment"

    customer_file_noticed_for = fields.Date(
        string="Expiry Announced",
        copy=False,
        readonly=True,
        groups="base.group_system",
        help="The expiry date for which an activity was scheduled: each date is announced once.",
    )

    @api.model
    def _cron_announce_expiring_files(self):
        """Schedule one activity for each file of a customer that is about to expire, or has expired.

        Each batch of files is marked in the transaction that makes its activities: run again, after a crash or the
        next day, the job schedules nothing twice. A new expiry date is announced anew.
        """
        while files := self._expiring_files(BATCH):
            files._announce_expiry()
            if not self.env.context.get("cron_id"):
                self.env.flush_all()
            elif not self.env["ir.cron"]._commit_progress(len(files)):
                break

    @api.model
    def _expiring_files(self, limit):
        """Files to announce: not rejected, of active customers, and not followed by a newer file of their type."""
        self.flush_model()
        self.env["res.partner"].flush_model(["active", "customer_rank", "parent_id"])
        self.env["customer.file.type"].flush_model(["notice_days"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT file.id
                  FROM ir_attachment file
                  JOIN res_partner customer ON customer.id = file.res_id
             LEFT JOIN customer_file_type file_type ON file_type.id = file.customer_file_type_id
                 WHERE file.customer_file_expires_on <= %(today)s + COALESCE(file_type.notice_days, %(notice_days)s)
                   AND file.customer_file_expires_on IS DISTINCT FROM file.customer_file_noticed_for
                   AND file.customer_file_state IN ('pending', 'valid')
                   AND file.res_model = 'res.partner'
                   AND file.res_field IS NULL
                   AND customer.active
                   AND customer.parent_id IS NULL
                   AND customer.customer_rank > 0
                   AND NOT EXISTS (
                       SELECT FROM ir_attachment newer
                        WHERE newer.res_model = 'res.partner'
                          AND newer.res_id = file.res_id
                          AND newer.res_field IS NULL
                          AND newer.customer_file_type_id = file.customer_file_type_id
                          AND newer.customer_file_state IN ('pending', 'valid')
                          AND COALESCE(newer.customer_file_expires_on, 'infinity') > file.customer_file_expires_on
                   )
              ORDER BY file.customer_file_expires_on, file.id
                 LIMIT %(limit)s
                """,
                today=self.env.company._business_today(),
                notice_days=DEFAULT_NOTICE_DAYS,
                limit=limit,
            )
        )
        return self.browse(row[0] for row in rows)

    def _announce_expiry(self):
        managers = self._expiry_managers()
        activity_type = self.env.ref("l10n_mx_customer.mail_activity_type_file", raise_if_not_found=False)
        today = self.env.company._business_today()
        partner_model = self.env["ir.model"]._get_id("res.partner")
        values = []
        for file in self:
            partner = file.customer_file_partner_id
            user = self._expiry_user(partner, managers)
            env = file.with_context(lang=user.lang or self.env.lang).env
            values.append(
                {
                    "res_model_id": partner_model,
                    "res_id": partner.id,
                    "activity_type_id": activity_type.id if activity_type else False,
                    "automated": True,
                    "user_id": user.id,
                    "date_deadline": max(file.customer_file_expires_on, today),
                    "summary": env._(
                        "%(type)s expires on %(date)s: ask for a new one",
                        type=file.customer_file_type_id.name or file.name,
                        date=fields.Date.to_string(file.customer_file_expires_on),
                    ),
                }
            )
        # Without an e-mail for each of them: hundreds can come on one day. They are in everybody's list of activities.
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(values)
        for file in self:
            file.customer_file_noticed_for = file.customer_file_expires_on

    @api.model
    def _expiry_managers(self):
        """Who looks after the customers that have no salesperson; the settings' administrators come last."""
        group = self.env.ref("l10n_mx_customer.group_customer_manager").sudo()
        users = group.all_user_ids.filtered(lambda user: user.active and not user.share and user.id != SUPERUSER_ID)
        return users.sorted(lambda user: (user.has_group("base.group_system"), user.id))

    @api.model
    def _expiry_user(self, partner, managers):
        """The customer's salesperson, else the first manager who may see the customer, else nobody."""
        user = partner.user_id
        if user.active and not user.share:
            return user
        company = partner.company_id
        return next(
            (manager for manager in managers if not company or company in manager.company_ids), self.env["res.users"]
        )
