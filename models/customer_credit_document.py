from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount, format_date, plaintext2html

from .notification import notification

ACTIVITY = "l10n_mx_customer.mail_activity_type_credit"
MANAGERS = "l10n_mx_customer.group_credit_manager"
# How an authorization names its document.
REFERENCES = {"account.move": "move_id", "sale.order": "order_id"}


class CustomerCreditDocument(models.AbstractModel):
    """A document that uses the credit of its customer: it passes the credit gate, or a credit manager authorizes it.

    To be inherited by a document with ``company_id``, ``currency_id`` and ``amount_total``, which calls
    ``_check_credit_gate`` before it uses credit and says of itself what ``_credit_...`` methods ask.
    """

    _name = "customer.credit.document"
    _description = "Document on Credit"

    credit_authorization_id = fields.Many2one(
        comodel_name="customer.credit.authorization",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups="base.group_user",
        help="The latest authorization of a credit manager; it holds up to its amount.",
    )
    credit_refusal = fields.Text(
        compute="_compute_credit_refusal",
        groups="base.group_user",
        help="What the credit gate would say now; empty when it lets the document through.",
    )

    @api.depends_context("uid", "lang")
    def _compute_credit_refusal(self):
        self.credit_refusal = False
        waiting = self.sudo().filtered(lambda document: document._awaits_credit())
        for refusal in waiting._credit_refusals(passing=False, together=False):
            for document in refusal.documents:
                document.with_env(self.env).credit_refusal = self._credit_message(refusal)

    # ------------------------------------------------------------------
    # What a document says of itself
    # ------------------------------------------------------------------

    def _credit_customer(self):
        """The customer whose credit it uses: the company, when it names one of its contacts."""
        self.ensure_one()
        return self.partner_id.commercial_partner_id

    def _is_credit_gated(self):
        """Whether its company has the gate for it."""
        self.ensure_one()
        return self.company_id.customer_credit_gate

    def _is_cash(self):
        """Whether it is to be paid at once, in full: it uses no credit."""
        raise NotImplementedError

    def _awaits_credit(self):
        """Whether it is still to pass the gate, so that the user is told beforehand."""
        raise NotImplementedError

    def _is_granted(self):
        """Whether it has passed the gate: what is authorized now is a change that is still to come."""
        raise NotImplementedError

    def _credit_ask(self, total=None):
        """The credit that it asks for at the gate, as an ``Ask``.

        :param float total: as if its total were this one, in its own currency
        """
        raise NotImplementedError

    def _credit_amount_authorized(self):
        """The amount that its authorization lets through, in its own currency; 0 without one.

        Not one of another customer or company, of before somebody changed them.
        """
        self.ensure_one()
        given = self.credit_authorization_id
        if not given or given.partner_id != self._credit_customer() or given.company_id != self.company_id:
            return 0.0
        if given.document_currency_id == self.currency_id:
            return given.document_amount
        return self.company_id.currency_id._convert(
            given.amount, self.currency_id, self.company_id, self.company_id._business_today()
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def authorize_credit(self, reason, amount=None):
        """Let documents through that the credit gate refuses; everything about it is kept for ever.

        :param str reason: why
        :param float amount: total up to which it is authorized, in the document's currency (one document only, at
            least its total); without it, its total
        :return: ids of the authorizations (``customer.credit.authorization``), one a document
        :raise AccessError: the user is no credit manager, or may not read the documents
        :raise UserError: no reason, an amount that is not valid, or a document that the gate does not refuse
        """
        self._check_may_authorize()
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Reason: it is empty; why the credit is authorized is expected."))
        if amount is not None:
            self.ensure_one()
        # Sudo: a credit manager need not have rights on sales or on their lines.
        documents = self.sudo()
        given = self.env["customer.credit.authorization"].sudo()
        for document in documents:
            total = document.amount_total if amount is None else amount
            if document.currency_id.compare_amounts(total, document.amount_total) < 0:
                raise UserError(
                    self.env._(
                        "Authorized Up To: “%(value)s” of %(name)s is not valid; its total (%(total)s) or more is "
                        "expected.",
                        value=format_amount(self.env, total, document.currency_id),
                        name=document.display_name,
                        total=format_amount(self.env, document.amount_total, document.currency_id),
                    )
                )
            refusals = document._credit_refusals(total=total, passing=False)
            if not refusals:
                raise UserError(
                    self.env._(
                        "%(name)s: the credit gate does not refuse it; there is nothing to authorize.",
                        name=document.display_name,
                    )
                )
            document.credit_authorization_id = given.create(
                document._prepare_authorization_vals(refusals[0], reason, total)
            )
            document.activity_feedback([ACTIVITY], feedback=reason)
            document._tell_authorized(document.credit_authorization_id)
            given += document.credit_authorization_id
        return given.ids

    def action_authorize_credit(self):
        """Open the dialogue that asks a credit manager for the reason.

        :return: the action of the dialogue
        :raise AccessError: the user is no credit manager
        """
        self.ensure_one()
        self._check_may_authorize()
        action = self.env["ir.actions.actions"]._for_xml_id("l10n_mx_customer.action_customer_credit_authorize")
        return {**action, "context": {f"default_{REFERENCES[self._name]}": self.id}}

    def action_ask_credit_authorization(self, note=None):
        """Ask the credit managers of the company to authorize a document that the gate refuses.

        Each of them gets an activity on the document; the one who authorizes closes those of all.

        :param str note: what they should know, besides what the gate says
        :return: an action that tells the user who was asked
        :raise UserError: the gate does not refuse it, it was asked for already, or there is no credit manager
        """
        self.ensure_one()
        self.check_access("read")
        document = self.sudo()
        refusals = document._credit_refusals(passing=False)
        if not refusals:
            raise UserError(
                self.env._(
                    "%(name)s: the credit gate does not refuse it; no authorization is needed.", name=self.display_name
                )
            )
        if document.activity_search([ACTIVITY]):
            raise UserError(
                self.env._("%(name)s: the credit managers have been asked already.", name=self.display_name)
            )
        managers = document._credit_managers()
        if not managers:
            raise UserError(
                self.env._(
                    "No user of %(company)s has the group “%(group)s”; an administrator has to give it to somebody.",
                    company=document.company_id.name,
                    group=self.env.ref(MANAGERS).sudo().display_name,
                )
            )
        for manager in managers:
            text = document.with_context(lang=manager.lang)._credit_message(refusals[0])
            text = "\n\n".join(filter(None, [note, text]))
            document.activity_schedule(ACTIVITY, user_id=manager.id, note=plaintext2html(text))
        return notification(self.env._("Asked: %(names)s.", names=", ".join(managers.mapped("name"))))

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def _check_credit_gate(self, asks=None):
        """Raise unless the documents may use their customers' credit, all of them together.

        :param dict asks: {document: ``Ask``}; without it, what each asks for
        :raise UserError: with the reasons; ``is_credit_refusal`` tells it from others
        """
        refusals = self.sudo()._credit_refusals(asks)
        if not refusals:
            return
        if self.env.user.share:
            message = self._credit_message_online()
        else:
            message = "\n\n".join(self._credit_message(refusal) for refusal in refusals)
        error = UserError(message)
        error.is_credit_refusal = True
        raise error

    def _credit_refusals(self, asks=None, total=None, passing=True, together=True):
        """Why the gate refuses these documents.

        :param dict asks: {document: ``Ask``}; without it, what each asks for
        :param float total: as if the total of the one document were this one, on credit
        """
        asking = {}
        for document in self:
            if not document._is_credit_gated() or not document._credit_customer():
                continue
            if document._is_cash() and (total is None or not document._is_granted()):
                continue
            ask = asks[document] if asks else document._credit_ask(total)
            currency = document.company_id.currency_id
            if currency.compare_amounts(ask.amount, 0) > 0 and not document._is_authorized(total):
                asking[document] = ask
        return self.env["customer.credit.gate"]._refusals(asking, passing, together) if asking else []

    def _is_authorized(self, total=None):
        """Whether the authorization covers the document, with this total if there is one."""
        authorized = self._credit_amount_authorized()
        total = self.amount_total if total is None else total
        return bool(authorized) and self.currency_id.compare_amounts(total, authorized) <= 0

    def _credit_message(self, refusal):
        """The refusal in words, in the language of the context."""
        env = self.env
        money = {
            name: format_amount(env, value, refusal.company.currency_id)
            for name, value in {
                "debt": refusal.debt,
                "asked": refusal.asked,
                "overdue": refusal.overdue,
                "excess": refusal.excess,
                "limit": refusal.limit or 0.0,
            }.items()
        }
        names = ", ".join(document.display_name for document in refusal.documents)
        lines = [
            env._("Credit of %(customer)s: %(names)s is refused.", customer=refusal.customer.display_name, names=names)
        ]
        if refusal.overdue:
            since = self.env["customer.credit.gate"].sudo()._fetch_overdue_since(refusal.customer, refusal.company)
            lines.append(
                env._(
                    "%(overdue)s are overdue since %(since)s: only cash sales.",
                    overdue=money["overdue"],
                    since=(since and format_date(env, since)) or "",
                )
            )
        if refusal.excess and refusal.limit:
            lines.append(env._("It goes beyond the credit limit by %(excess)s.", **money))
        elif refusal.excess:
            lines.append(env._("No credit is granted (the limit is 0): only cash sales."))
        if refusal.limit is None:
            lines.append(env._("Owed: %(debt)s. This document: %(asked)s. Limit: none.", **money))
        else:
            lines.append(env._("Limit: %(limit)s. Owed: %(debt)s. This document: %(asked)s.", **money))
        lines.append(
            env._(
                "Expected: a payment of what is overdue or beyond the limit, an immediate payment term for the whole "
                "amount, or the authorization of a credit manager."
            )
        )
        return "\n".join(lines)

    def _credit_message_online(self):
        """What a customer is told: not his figures, by a page that others may look at."""
        return self.env._(
            "%(names)s cannot be confirmed online at this moment. Please get in touch with %(company)s: we will be "
            "glad to complete it with you.",
            names=", ".join(self.mapped("display_name")),
            company=self.company_id[:1].name,
        )

    def _prepare_authorization_vals(self, refusal, reason, total):
        self.ensure_one()
        since = self.env["customer.credit.gate"]._fetch_overdue_since(refusal.customer, refusal.company)
        return {
            "document": self.display_name,
            REFERENCES[self._name]: self.id,
            "partner_id": refusal.customer.id,
            "company_id": refusal.company.id,
            "user_id": self.env.uid,
            "date": fields.Datetime.now(),
            "reason": reason,
            "document_currency_id": self.currency_id.id,
            "document_amount": total,
            "amount": self.currency_id._convert(
                total, refusal.company.currency_id, refusal.company, refusal.company._business_today()
            ),
            "without_limit": refusal.limit is None,
            "credit_limit": refusal.limit or 0.0,
            "debt": refusal.debt,
            "overdue": refusal.overdue,
            "overdue_since": since if refusal.overdue else False,
            "excess": refusal.excess,
        }

    def _tell_authorized(self, authorization):
        self.message_post(
            body=self.env._(
                "Credit authorized up to %(amount)s by %(user)s. Reason: %(reason)s",
                amount=format_amount(self.env, authorization.document_amount, authorization.document_currency_id),
                user=authorization.user_id.name,
                reason=authorization.reason,
            ),
            author_id=self.env.user.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
        )

    def _check_may_authorize(self):
        self.check_access("read")
        if not self.env.user.has_group(MANAGERS):
            raise AccessError(
                self.env._(
                    "Only who has the group “%(group)s” authorizes credit; %(user)s has not.",
                    group=self.env.ref(MANAGERS).sudo().display_name,
                    user=self.env.user.name,
                )
            )

    def _credit_managers(self):
        """Who may authorize the document: the credit managers who work in its company."""
        self.ensure_one()
        return self.env.ref(MANAGERS).all_user_ids.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )
