import logging

from markupsafe import Markup, escape
from odoo import SUPERUSER_ID, api, fields, models
from odoo.modules.registry import Registry
from odoo.tools.misc import formatLang

_logger = logging.getLogger(__name__)


class CustomerOwnerNotice(models.AbstractModel):
    """Tells the salesperson of a customer what others do with the customer: its ``notify_owner``.

    To be inherited by a document (sale, invoice, payment, case...). It calls ``_notify_customer_owner()`` when the
    event happens, and says in ``_owner_notice_...`` methods who, what and how much. Nothing is written then: the
    notifications are made after the commit, in a transaction of their own. So they never make the document fail nor
    wait, nothing is told of what was rolled back, and what cannot be told is logged.
    """

    _name = "customer.owner.notice"
    _description = "Notices to a Customer's Salesperson"

    # ------------------------------------------------------------
    # What a document says of itself
    # ------------------------------------------------------------

    def _owner_notice_partner(self):
        """The partner that this document is about."""
        self.ensure_one()
        return self.partner_id

    def _owner_notice_holds(self):
        """Whether what happened is still true of this document after the commit (a savepoint may have undone it)."""
        self.ensure_one()
        return True

    def _owner_notice_title(self):
        """One line, in the language of the context: “Sale Confirmed”."""
        raise NotImplementedError

    def _owner_notice_amount(self):
        """The amount and its currency, or None for a document without."""
        return

    # ------------------------------------------------------------
    # Business
    # ------------------------------------------------------------

    def _notify_customer_owner(self):
        """Notify the salespeople of these documents' customers, after the commit.

        What happened is read from the documents then (``_owner_notice_holds``, ``_owner_notice_title``).
        """
        # Sudo: the user of the event may not read the customer's salesperson.
        documents = self.sudo().filtered(
            lambda document: (
                (customer := document._owner_notice_partner().commercial_partner_id).user_id
                and customer.user_id != self.env.user
                and customer.notify_owner
            )
        )
        if not documents:
            return
        pending = self.env.cr.postcommit.data.setdefault("l10n_mx_customer.owner_notices", {})
        if not pending:
            dbname = self.env.cr.dbname
            self.env.cr.postcommit.add(lambda: _send_notices(dbname, pending))
        ids = pending.setdefault((self._name, self.env.uid), {})
        ids.update(dict.fromkeys(documents.ids))

    def _send_owner_notices(self):
        """One notification for each document, in its salesperson's language and by the means he prefers."""
        documents = self.sudo().exists().filtered(lambda document: document._owner_notice_holds())
        for document in documents:
            customer = document._owner_notice_partner().commercial_partner_id
            owner = customer.user_id
            company = document.company_id if "company_id" in document._fields else self.env["res.company"]
            # A salesperson who cannot work in the document's company learns nothing of it.
            if not (customer.notify_owner and owner.active and owner._is_internal()) or company - owner.company_ids:
                continue
            notice = document.with_context(
                lang=owner.lang or self.env.lang, mail_notify_force_send=False, mail_notify_author=False
            )
            title = notice._owner_notice_title()
            notice.message_notify(
                partner_ids=owner.partner_id.ids,
                author_id=self.env.user.partner_id.id,
                subject=f"{title}: {document.display_name} - {customer.display_name}",
                body=notice._owner_notice_body(title, customer),
            )

    def _owner_notice_body(self, title, customer):
        rows = [
            (self.env._("Customer"), customer.display_name),
            (self.env._("Document"), self.display_name),
            (self.env._("By"), self.env.user.name),
            (self.env._("Date"), fields.Date.to_string(fields.Date.context_today(self))),
        ]
        amount = self._owner_notice_amount()
        if amount:
            value, currency = amount
            rows.insert(2, (self.env._("Amount"), formatLang(self.env, value, currency_obj=currency)))
        lines = Markup("").join(Markup("<li>%s: %s</li>") % row for row in rows)
        return Markup("<p><b>%s</b></p><ul>%s</ul>") % (escape(title), lines)


def _send_notices(dbname, pending):
    """After the commit: nothing here may break what was committed."""
    notices = dict(pending)
    pending.clear()
    for (model, uid), ids in notices.items():
        try:
            with Registry(dbname).cursor() as cr:
                api.Environment(cr, uid or SUPERUSER_ID, {})[model].browse(ids)._send_owner_notices()
        except Exception:  # noqa: PERF203
            # Whatever it is, the document is committed and its user has done his work.
            _logger.exception("The salespeople were not notified of %s %s", model, list(ids))
