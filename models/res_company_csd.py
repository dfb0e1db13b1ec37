import pytz
from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import format_datetime

CSD_STATES = [
    ("missing", "Missing"),
    ("expired", "Expired"),
    ("expiring", "Expires Soon"),
    ("valid", "In Force"),
]
# A new CSD is asked for at the SAT's own page and takes some days where the e.firma has expired too.
NOTICE_DAYS = 30


class ResCompany(models.Model):
    """Until when the company can seal CFDIs, told in time: once it has expired nothing is stamped."""

    _inherit = "res.company"

    cfdi_csd_ids = fields.One2many(
        "certificate.certificate",
        "company_id",
        string="CSD",
        domain=[("scope", "=", "cfdi")],
        groups="base.group_system",
        help="Certificates that seal the CFDIs of this company.",
    )
    cfdi_csd_state = fields.Selection(
        CSD_STATES,
        string="State of the CSD",
        compute="_compute_cfdi_csd",
        groups="base.group_user",
        help="Whether CFDIs can be sealed today, and for how long. Empty for a company that issues none.",
    )
    cfdi_csd_until = fields.Datetime(
        string="CSD until",
        compute="_compute_cfdi_csd",
        groups="base.group_user",
        help="Until when CFDIs can be sealed, with the CSDs that are loaded.",
    )
    cfdi_csd_days_left = fields.Integer(
        string="Days Left of the CSD",
        compute="_compute_cfdi_csd",
        groups="base.group_user",
        help="Days of the company's calendar; 0 on the last one, below zero once it has expired.",
    )
    cfdi_csd_warning = fields.Char(
        string="Warning of the CSD",
        compute="_compute_cfdi_csd",
        groups="base.group_user",
        help="What there is to do about the CSD; empty while nothing is.",
    )

    @api.depends(
        "cfdi_csd_ids.active",
        "cfdi_csd_ids.cfdi_rfc",
        "cfdi_csd_ids.date_end",
        "cfdi_csd_ids.date_start",
        "cfdi_csd_ids.loading_error",
        "cfdi_csd_ids.private_key_id.loading_error",
        "cfdi_csd_ids.scope",
        "cfdi_pac_ids",
        "partner_id.tz",
        "partner_id.vat",
    )
    @api.depends_context("lang")
    def _compute_cfdi_csd(self):
        for company in self:
            last = company._last_csd()
            company.cfdi_csd_until = last.date_end
            company.cfdi_csd_days_left = company._csd_days_left(last.date_end)
            company.cfdi_csd_state = company._csd_state(last)
            company.cfdi_csd_warning = company._csd_warning()

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def _last_csd(self):
        """The CSD until whose end the company can seal without a gap, from today on; the one that ended last, if none.

        :return: ``certificate.certificate``, empty if there is none that has begun
        """
        self.ensure_one()
        now = fields.Datetime.now()
        # Sudo: certificates are the settings' administrators', how long they last is for whoever stamps.
        company = self.sudo()
        usable = company.cfdi_csd_ids.filtered(lambda csd: csd.active and csd._is_csd_of(company.partner_id.vat))
        started = usable.filtered(lambda csd: csd.date_start <= now)
        last = started.sorted("date_end")[-1:]
        # One that begins before this one ends goes on where it stops.
        for csd in (usable - started).sorted("date_start") if last.date_end and last.date_end >= now else ():
            if csd.date_start <= last.date_end < csd.date_end:
                last = csd
        return last

    def _csd_days_left(self, until):
        if not until:
            return 0
        zone = pytz.timezone(self._business_time_zone())
        return (pytz.utc.localize(until).astimezone(zone).date() - self._business_today()).days

    def _csd_state(self, last):
        if not last:
            return "missing" if self.sudo().cfdi_pac_ids else False
        if last.date_end < fields.Datetime.now():
            return "expired"
        return "expiring" if self._csd_days_left(last.date_end) <= NOTICE_DAYS else "valid"

    def _csd_warning(self):
        """What ``cfdi_csd_state`` says, in words and in the language of the context."""
        if self.cfdi_csd_state == "missing":
            return self.env._(
                "%(company)s has no CSD: no CFDI can be sealed until it is loaded in Settings / Certificates.",
                company=self.name,
            )
        if self.cfdi_csd_state not in ("expired", "expiring"):
            return False
        date = format_datetime(self.env, self.cfdi_csd_until, tz=self._business_time_zone())
        if self.cfdi_csd_state == "expired":
            return self.env._(
                "The CSD of %(company)s expired on %(date)s: no CFDI can be sealed until the new one is loaded in "
                "Settings / Certificates.",
                company=self.name,
                date=date,
            )
        return self.env._(
            "The CSD of %(company)s expires on %(date)s (days left: %(days)s). Ask the SAT for the new one and load it "
            "in Settings / Certificates before then.",
            company=self.name,
            date=date,
            days=self.cfdi_csd_days_left,
        )

    def _announce_csd(self):
        """Schedule an activity for those who look after it, once when it is about to expire and once it has expired;
        take them back when a new one is loaded.
        """
        self.ensure_one()
        state, last = self.cfdi_csd_state, self._last_csd()
        if state in ("expired", "expiring") and last.cfdi_announced == state:
            return
        self._csd_activities().unlink()
        if state in ("expired", "expiring"):
            last.cfdi_announced = state
            # With an e-mail each: it is one a CSD, and who reads no activities has to know.
            self.env["mail.activity"].create([self._csd_activity_values(user) for user in self._csd_users()])

    def _csd_activities(self):
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", "res.partner"),
                ("res_id", "=", self.partner_id.id),
                ("activity_type_id", "=", self.env.ref("l10n_mx_customer.mail_activity_type_csd").id),
                ("automated", "=", True),
            ]
        )

    def _csd_activity_values(self, user):
        company = self.with_context(lang=user.lang or self.env.lang)
        return {
            "res_model_id": self.env["ir.model"]._get_id("res.partner"),
            "res_id": company.partner_id.id,
            "activity_type_id": self.env.ref("l10n_mx_customer.mail_activity_type_csd").id,
            "automated": True,
            "user_id": user.id,
            "date_deadline": company._business_today(),
            "summary": company.cfdi_csd_warning,
        }

    def _csd_users(self):
        """The customers' administrators of this company; who issues its CFDIs, if there are none."""
        for group in ("group_customer_manager", "group_cfdi_issuer"):
            users = self.env.ref(f"l10n_mx_customer.{group}").all_user_ids.filtered(
                lambda user: user.active and not user.share and user.id != SUPERUSER_ID and self in user.company_ids
            )
            if users:
                return users
        return users

    # ------------------------------------------------------------------
    # Jobs
    # ------------------------------------------------------------------

    @api.model
    def _cron_announce_csd(self):
        """Daily: tell whose CSD is about to expire, or has expired."""
        for company in self.sudo().search([("cfdi_csd_ids", "!=", False)]):
            company._announce_csd()
            if self.env.context.get("cron_id") and not self.env["ir.cron"]._commit_progress(1):
                break
