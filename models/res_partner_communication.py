from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import SQL
from odoo.tools.misc import clean_context

# Marks our own writes of marketing_opt_in. A plain object: nobody can send it by RPC.
_IN_STEP = object()
_IN_STEP_KEY = "l10n_mx_customer_marketing_in_step"


class ResPartner(models.Model):
    """How a customer wants to hear from us: no e-mail at all, marketing, and who else hears of its business.

    ``marketing_opt_in`` says one thing: mass mailings to the list of customers reach the partner's address. So it is
    true when some contact of that address is subscribed to the list and has not opted out (where several contacts
    share the address, one is enough, as Odoo's mailings count), and the address is not on the blacklist.

    - Setting it subscribes the address. A blacklisted address is not taken off the blacklist by that: an import, or
      an integration that repeats old data, would undo what the customer asked for. ``action_marketing_subscribe``
      does it, on purpose.
    - Clearing it opts the address out of the list and puts it on the blacklist.
    - Whatever changes a subscription, a mailing contact or the blacklist (unsubscribe page, mailing users, RPC) calls
      ``_sync_marketing`` with the addresses concerned.
    - A new address of a subscribed customer is subscribed in place of the old one, unless it is on the blacklist or
      has opted out.
    """

    _inherit = "res.partner"

    no_email = fields.Boolean(
        string="No E-mail",
        help="For customers who do not want e-mails, or must not get any. No e-mail leaves for the customer nor for "
        "its contacts: invoices, quotations, reminders, statements, invitations, passwords, mass mailings. "
        "What was not sent shows as cancelled, with the reason.",
    )
    notify_owner = fields.Boolean(
        string="Notify the Owner",
        groups="base.group_user",
        help="The salesperson of the customer is notified when a sale is confirmed, or an invoice or a payment posted, "
        "by somebody else. The notification arrives in Odoo or by e-mail, as the salesperson prefers.",
    )
    marketing_opt_in = fields.Boolean(
        string="Subscribed to Marketing",
        copy=False,
        help="The customer agreed to get our mass mailings. Set, the e-mail is subscribed to the mailing list of "
        "customers; cleared, it is unsubscribed and put on the blacklist. It clears itself when the customer "
        "unsubscribes.",
    )

    # Each mail asks for the few who want none; each unsubscription for those of an address.
    _no_email_idx = models.Index("(email_normalized) WHERE no_email")
    _email_normalized_idx = models.Index("(email_normalized)")

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model
    def _commercial_fields(self):
        return [*super()._commercial_fields(), "no_email", "notify_owner"]

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        chosen = partners.filtered("marketing_opt_in")
        if chosen:
            chosen._marketing_subscribe()
        # A new customer may use an address that is subscribed already. Few do: an import pays one query for it.
        default = self.env.context.get("default_email")
        emails = {tools.email_normalize(vals.get("email", default) or "", strict=False) for vals in vals_list}
        reached = self._get_marketing_emails(emails - {False}) if emails - {False} else set()
        if reached:
            others = (partners - chosen).filtered(lambda partner: partner.email_normalized in reached)
            self._set_marketing(others, reached)
        return partners

    def write(self, vals):
        if self.env.context.get(_IN_STEP_KEY) is _IN_STEP or not ("marketing_opt_in" in vals or "email" in vals):
            return super().write(vals)
        before = {partner: (partner.email_normalized, partner.marketing_opt_in) for partner in self}
        result = super().write(vals)
        if "marketing_opt_in" in vals:
            if vals["marketing_opt_in"]:
                moved = {email for partner, (email, __) in before.items() if email != partner.email_normalized}
                self._marketing_subscribe()
                self._marketing_forget(moved)
            else:
                left = [(partner, email) for partner, (email, opted_in) in before.items() if opted_in]
                self._marketing_unsubscribe(
                    {address for partner, email in left for address in (email, partner.email_normalized)}
                )
        if "email" in vals:
            self._marketing_follow(
                {
                    partner: (email, opted_in and "marketing_opt_in" not in vals)
                    for partner, (email, opted_in) in before.items()
                    if email != partner.email_normalized
                }
            )
        return result

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_marketing_subscribe(self):
        """Subscribe the customers to marketing because they asked for it, also those on the blacklist.

        The only way in which the card takes an address off the blacklist; who did it is noted on the blacklist's entry.

        :return: True
        :raise UserError: the user may not write the customers
        :raise ValidationError: a customer has no valid e-mail
        """
        self.check_access("write")
        self._check_marketing_email()
        emails = set(self.mapped("email_normalized"))
        # Sudo: the blacklist belongs to the mailing users; a salesperson changes the entry of a customer of his only.
        entries = self.env["mail.blacklist"].sudo().search([("email", "in", list(emails))])
        if entries:
            entries._message_log_batch(
                {
                    entry.id: self.env._("Taken off on the customer's card, at the customer's request.")
                    for entry in entries
                }
            )
            entries.action_archive()
        self.write({"marketing_opt_in": True})
        return True

    # ------------------------------------------------------------
    # BUSINESS, no e-mail
    # ------------------------------------------------------------

    @api.model
    def _filter_no_email(self, emails):
        """Those of some addresses that belong to customers marked “no e-mail”, or to their contacts.

        :param set emails: normalized addresses
        :rtype: set
        """
        if not emails:
            return set()
        self.flush_model(["active", "email", "email_normalized", "no_email", "partner_share"])
        rows = self.env.execute_query(
            SQL(
                # A partner's e-mail may hold several addresses: email_normalized is the first.
                "SELECT email FROM res_partner WHERE no_email AND partner_share IS NOT FALSE "
                "AND (email_normalized = ANY(%s) OR email LIKE '%%@%%@%%')",
                list(emails),
            )
        )
        return {address for (email,) in rows for address in tools.mail.email_normalize_all(email)} & set(emails)

    # ------------------------------------------------------------
    # BUSINESS, marketing
    # ------------------------------------------------------------

    @api.model
    def _marketing_list(self):
        """The mailing list of customers. Sudo: lists belong to the mailing users, this one is the card's."""
        return (
            self.env["mailing.list"]
            .sudo()
            .browse(self.env["ir.model.data"]._xmlid_to_res_id("l10n_mx_customer.mailing_list_customers"))
        )

    @api.model
    def _get_marketing_emails(self, emails):
        """Those of some addresses that mass mailings to the customers' list reach, in one query.

        :param emails: normalized addresses
        :rtype: set
        """
        self.env["mailing.contact"].flush_model(["email_normalized"])
        self.env["mailing.subscription"].flush_model(["contact_id", "list_id", "opt_out"])
        self.env["mail.blacklist"].flush_model(["active", "email"])
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT contact.email_normalized
                     FROM mailing_contact contact
                     JOIN mailing_subscription subscription ON subscription.contact_id = contact.id
                    WHERE contact.email_normalized = ANY(%s) AND subscription.list_id = %s
                      AND subscription.opt_out IS NOT TRUE
                      AND NOT EXISTS (SELECT FROM mail_blacklist blacklist
                                       WHERE blacklist.active AND blacklist.email = contact.email_normalized)""",
                list(emails),
                self._marketing_list().id,
            )
        )
        return {email for (email,) in rows}

    @api.model
    def _sync_marketing(self, emails):
        """Bring ``marketing_opt_in`` in step with the subscriptions and the blacklist of some addresses.

        :param emails: normalized addresses, or anything falsy among them
        """
        emails = {email for email in emails if email}
        if not emails:
            return
        # Sudo: whoever unsubscribes, the public user included, changes a partner that he may not write.
        partners = self.sudo().with_context(active_test=False).search([("email_normalized", "in", list(emails))])
        if partners:
            self._set_marketing(partners, self._get_marketing_emails(emails))

    @api.model
    def _set_marketing(self, partners, emails):
        for value in (True, False):
            changed = partners.filtered(
                lambda partner, value=value: (
                    (partner.email_normalized in emails) is value and partner.marketing_opt_in is not value
                )
            )
            if changed:
                changed.sudo().with_context(**{_IN_STEP_KEY: _IN_STEP}).write({"marketing_opt_in": value})

    def _check_marketing_email(self):
        for partner in self:
            if not partner.email_normalized:
                raise ValidationError(
                    self.env._(
                        "Subscribed to Marketing: %(name)s cannot be subscribed with the e-mail “%(value)s”; "
                        "a valid e-mail is expected, such as compras@example.com.",
                        name=partner.display_name,
                        value=partner.email or "",
                    )
                )

    def _marketing_subscribe(self):
        """Subscribe the addresses of these partners, each with a mailing contact of its own if there is none."""
        if not self:
            return
        self._check_marketing_email()
        by_email = {partner.email_normalized: partner for partner in self}
        # Sudo, here and below: a salesperson subscribes the customers that he may write, to this list only.
        entries = self.env["mail.blacklist"].sudo().search([("email", "in", list(by_email))])
        if entries:
            partner = by_email[entries[0].email]
            raise ValidationError(
                self.env._(
                    "Subscribed to Marketing: the e-mail “%(value)s” of %(name)s is on the blacklist, because it asked "
                    "for no more mailings. If the customer asks for them again, use “Subscribe Again” on its card.",
                    value=entries[0].email,
                    name=partner.display_name,
                )
            )
        contacts = self.env["mailing.contact"].sudo().search([("email_normalized", "in", list(by_email))], order="id")
        contact_of = {}
        for contact in contacts:
            contact_of.setdefault(contact.email_normalized, contact)
        missing = [email for email in by_email if email not in contact_of]
        created = contacts.with_context(**clean_context(self.env.context)).create(
            [
                {
                    "name": by_email[email].name,
                    "email": email,
                    "company_name": by_email[email].commercial_company_name,
                    "country_id": by_email[email].country_id.id,
                }
                for email in missing
            ]
        )
        contact_of.update(zip(missing, created, strict=True))
        mailing_list = self._marketing_list()
        subscriptions = self.env["mailing.subscription"].sudo()
        subscriptions = subscriptions.search(
            [("contact_id", "in", (contacts + created).ids), ("list_id", "=", mailing_list.id)]
        )
        subscriptions.filtered("opt_out").write({"opt_out": False, "opt_out_reason_id": False})
        subscribed = set(subscriptions.contact_id.mapped("email_normalized"))
        subscriptions.create(
            [
                {"contact_id": contact.id, "list_id": mailing_list.id}
                for email, contact in contact_of.items()
                if email not in subscribed
            ]
        )
        self._sync_marketing(by_email)

    @api.model
    def _marketing_unsubscribe(self, emails):
        """Opt some addresses out of the customers' list, and put them on the blacklist."""
        emails = [email for email in emails if email]
        if not emails:
            return
        subscriptions = self.env["mailing.subscription"].sudo()
        subscriptions.search(
            [
                ("contact_id.email_normalized", "in", emails),
                ("list_id", "=", self._marketing_list().id),
                ("opt_out", "=", False),
            ]
        ).write({"opt_out": True})
        blacklist = self.env["mail.blacklist"].sudo().with_context(active_test=False)
        blacklist.search([("email", "in", emails), ("active", "=", False)]).action_unarchive()
        entries = blacklist.create([{"email": email} for email in emails])
        entries._message_log_batch(
            {entry.id: self.env._("Unsubscribed from marketing on the customer's card.") for entry in entries}
        )
        self._sync_marketing(emails)

    @api.model
    def _marketing_forget(self, emails):
        """Take addresses that no subscribed partner has any more off the list. Nobody asked for an opt-out."""
        emails = {email for email in emails if email}
        if not emails:
            return
        kept = self.sudo().search([("email_normalized", "in", list(emails)), ("marketing_opt_in", "=", True)])
        self.env["mailing.subscription"].sudo().search(
            [
                ("contact_id.email_normalized", "in", list(emails - set(kept.mapped("email_normalized")))),
                ("list_id", "=", self._marketing_list().id),
            ]
        ).filtered(lambda subscription: not subscription.opt_out).unlink()

    @api.model
    def _marketing_follow(self, before):
        """The subscription follows a change of e-mail.

        :param dict before: for each partner whose address changed, its old address and whether it was subscribed
        """
        if not before:
            return
        subscribed = self.browse(partner.id for partner, (__, opted_in) in before.items() if opted_in)
        emails = {partner.email_normalized for partner in before if partner.email_normalized}
        refused = set()
        if subscribed and emails:
            refused = {
                *self.env["mail.blacklist"].sudo().search([("email", "in", list(emails))]).mapped("email"),
                *self.env["mailing.subscription"]
                .sudo()
                .search(
                    [
                        ("contact_id.email_normalized", "in", list(emails)),
                        ("list_id", "=", self._marketing_list().id),
                        ("opt_out", "=", True),
                    ]
                )
                .contact_id.mapped("email_normalized"),
            }
        following = subscribed.filtered(
            lambda partner: partner.email_normalized and partner.email_normalized not in refused
        )
        following._marketing_subscribe()
        others = self.browse(partner.id for partner in before) - following
        self._set_marketing(others, self._get_marketing_emails(emails))
        self._marketing_forget({email for email, opted_in in before.values() if opted_in})
