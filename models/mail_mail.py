from odoo import models, tools

# Tells ``_prepare_outgoing_list`` what ``_send`` found for its whole batch. A plain object: nobody can send it by RPC.
_REFUSED_KEY = "l10n_mx_customer_refused"


class _Refused:
    """Who gets no e-mail: ids of partners, and normalized addresses."""

    def __init__(self, partner_ids, emails):
        self.partner_ids = frozenset(partner_ids)
        self.emails = frozenset(emails)


class MailMail(models.Model):
    """The one place that keeps e-mail away from customers marked “no e-mail”.

    Chatter, templates, reminders, invoices, mass mailings, passwords and invitations all leave as a ``mail.mail``.
    What is decided here is decided at sending: a customer marked after the mail was queued gets none either.

    - A recipient by partner is dropped when its customer is marked. Another partner with the same address (an
      employee, say) still gets his.
    - An address in To or Cc is dropped when it is the address of a marked customer or of one of its contacts.
    - Partners of internal users always get their mail: their access to Odoo depends on it.
    """

    _inherit = "mail.mail"

    def _send(
        self,
        auto_commit=False,
        raise_exception=False,
        smtp_session=None,
        alias_domain_id=False,
        mail_server=False,
        post_send_callback=None,
    ):
        refused = self._get_refused()
        mails = self
        if (refused.partner_ids or refused.emails) and not self.env["ir.mail_server"]._disable_send():
            cancelled = self._drop_refused(refused)
            mails = self - cancelled
            if cancelled and post_send_callback:
                post_send_callback(cancelled.ids)
        return super(MailMail, mails.with_context(**{_REFUSED_KEY: refused}))._send(
            auto_commit=auto_commit,
            raise_exception=raise_exception,
            smtp_session=smtp_session,
            alias_domain_id=alias_domain_id,
            mail_server=mail_server,
            post_send_callback=post_send_callback,
        )

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        email_list = super()._prepare_outgoing_list(mail_server=mail_server, doc_to_followers=doc_to_followers)
        refused = self.env.context.get(_REFUSED_KEY)
        if not isinstance(refused, _Refused):
            refused = self._get_refused()
        if not (refused.partner_ids or refused.emails):
            return email_list
        kept = []
        for email in email_list:
            if email["partner_id"]:
                if email["partner_id"].id not in refused.partner_ids:
                    kept.append(email)
                continue
            for name in ("email_to", "email_cc"):
                email[name] = [value for value in email[name] if not refused.emails & set(_addresses(value))]
            email["email_to_normalized"] = [
                value for value in email["email_to_normalized"] if value not in refused.emails
            ]
            if email["email_to"] or email["email_cc"]:
                kept.append(email)
        return kept

    def _get_refused(self):
        """Who of the recipients of these mails gets no e-mail, in two queries for all of them.

        :rtype: _Refused
        """
        # Sudo: whether a mail may leave does not depend on what its sender may read.
        mails = self.sudo()
        partners = mails.recipient_ids.filtered(lambda partner: partner.no_email and partner.partner_share)
        addresses = {address for mail in mails for address in (*_addresses(mail.email_to), *_addresses(mail.email_cc))}
        return _Refused(partners.ids, mails.env["res.partner"]._filter_no_email(addresses))

    def _drop_refused(self, refused):
        """Cancel the mails that have nobody left, and what the others' refused recipients would have got.

        :param _Refused refused: who gets none
        :return: the cancelled mails
        """
        reason = self.env._("Not sent: the customer does not want e-mails (No E-mail on the customer's card).")
        cancelled = self.browse()
        for mail in self:
            if mail.state != "outgoing":
                continue
            partners = set(mail.recipient_ids.ids)
            emails = {*_addresses(mail.email_to), *_addresses(mail.email_cc)}
            dropped = bool(partners & refused.partner_ids or emails & refused.emails)
            if dropped and not (partners - refused.partner_ids or emails - refused.emails):
                cancelled += mail
        if cancelled:
            cancelled.write({"state": "cancel", "failure_type": "mail_optout", "failure_reason": reason})
            # Sudo: the statistics of a mailing belong to those who made it, not to who happens to send the queue.
            cancelled.sudo().mailing_trace_ids.write({"trace_status": "cancel", "failure_type": "mail_optout"})
        # Sudo: a notification belongs to its recipient.
        notifications = (
            self.env["mail.notification"]
            .sudo()
            .search(
                [
                    ("notification_type", "=", "email"),
                    ("mail_mail_id", "in", self.ids),
                    ("notification_status", "not in", ("sent", "canceled")),
                ]
            )
        )
        notifications.filtered(
            lambda note: (
                note.res_partner_id.id in refused.partner_ids
                or bool(refused.emails & set(_addresses(note.mail_email_address)))
                or note.mail_mail_id in cancelled
            )
        ).write({"notification_status": "canceled", "failure_type": "mail_optout", "failure_reason": reason})
        return cancelled


def _addresses(text):
    """The normalized addresses of a line of recipients."""
    return tools.mail.email_normalize_all(text) if text else []
