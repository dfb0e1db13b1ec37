from dataclasses import dataclass

from odoo import models
from odoo.exceptions import UserError

from .account_payment_cfdi import FORMS
from .customer_cfdi import LIVE_STATES, UNFINISHED_STATES

SUBSTITUTION_KEY = "cfdi_substitution"  # context key


@dataclass(frozen=True)
class Substitution:
    """What the next receipt of a payment takes the place of; in the context, where no RPC can put one.

    cfdi_id: of the receipt that is replaced. form: FormaDePagoP of the new one, empty for that of the payment.
    """

    cfdi_id: int
    form: str = ""


class CustomerCfdi(models.Model):
    """Replacing a receipt of payment: the new one is stamped first, then the old one is cancelled with motive 01.

    Each step is committed before the next one. A process that dies after the seal leaves a receipt that the sending
    job finishes; one that dies after the timbre, a request to cancel that the SAT's job makes (``_cancel_replaced``).
    The new one says what is applied of the payment now, with the partiality numbers of the old one; while it lives the
    old one counts no more, and counts again if the PAC rejects it (``customer.cfdi.payment``).
    """

    _inherit = "customer.cfdi"

    def replace_receipt(self, payment_form=None):
        """Stamp a receipt of payment anew, as its payment is applied now, and cancel this one; safe to repeat.

        :param str payment_form: how it was paid (FormaDePagoP), to correct it; by default as the payment says it
        :return: a dict as those of ``account.move.cfdi_stamp``, of the new receipt, with ``replaced_id``,
            ``replaced_state`` and ``replaced_message`` of this one
        :raise AccessError: for who does not issue CFDIs, or may not write the payment's entry
        :raise UserError: it is no valid receipt, nothing is applied of the payment, or something is missing
        """
        self.ensure_one()
        self._check_canceller()
        # Of the user: he stamps what he may write.
        entry = self.move_id.with_env(self.env)
        entry.check_access("write")
        cfdi = self.sudo()
        cfdi._lock()
        substitute = cfdi._substitute() or cfdi._seal_substitute(entry, payment_form)
        if substitute.state in UNFINISHED_STATES:
            substitute._send()
        else:
            substitute._cancel_replaced()
        return {
            **self._result(entry, substitute, substitute.message),
            "replaced_id": cfdi.id,
            "replaced_state": cfdi.state,
            "replaced_message": cfdi.message or "",
        }

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def _substitute(self):
        """The receipt that takes the place of this one already; none yet, or none any more, if it is empty."""
        found = self.payment_line_ids.superseded_by_id
        return found.filtered(lambda cfdi: cfdi.state in LIVE_STATES)

    def _seal_substitute(self, entry, form):
        """Seal and commit the receipt that takes the place of this one.

        :param entry: ``account.move`` of the payment
        :param form: FormaDePagoP, or nothing
        """
        self._check_replaceable(form)
        substitution = Substitution(self.id, form or "")
        substitute = self._seal_once(entry.with_context(**{SUBSTITUTION_KEY: substitution}))
        payment = entry.origin_payment_id
        if form and payment.cfdi_payment_form != form and not payment._receipts_of_other_form(form):
            # Sudo: what the receipt says, its payment says; who stamps it need not be allowed to change payments.
            payment.sudo().cfdi_payment_form = form
        self._commit()
        return substitute

    def _check_replaceable(self, form):
        """:raise UserError: it is not to be replaced, or not now"""
        if self.cfdi_type != "P":
            raise UserError(
                self.env._(
                    "%(name)s is no receipt of payment. An invoice is replaced by another one: write in that one "
                    "“Replaces the CFDI of”, and stamp it.",
                    name=self.name,
                )
            )
        if self.state != "stamped":
            raise UserError(self.env._("%(name)s is not stamped: there is nothing to replace.", name=self.name))
        if form and form not in dict(FORMS):
            raise UserError(
                self.env._(
                    "Payment Form (SAT): “%(value)s” is not one of the SAT's for a payment; two digits are expected, "
                    "such as 03.",
                    value=form,
                )
            )
        unfinished = self.move_id.sudo().cfdi_ids.filtered(lambda cfdi: cfdi.state in UNFINISHED_STATES)
        if unfinished:
            raise UserError(
                self.env._(
                    "%(other)s of the same payment is being stamped. Wait until it is, and replace %(name)s then.",
                    other=unfinished[0].name,
                    name=self.name,
                )
            )

    def _says_form(self):
        """FormaDePagoP of this receipt."""
        return self._sealed_comprobante().Pagos[0].FormaDePagoP


class AccountMove(models.Model):
    _inherit = "account.move"

    def _substitution(self):
        """(``customer.cfdi`` that the next receipt of this payment takes the place of, its form or nothing)."""
        given = self.env.context.get(SUBSTITUTION_KEY)
        none = self.env["customer.cfdi"]
        # What comes by RPC is a dict or a number, never one of ours.
        if not isinstance(given, Substitution):
            return none, ""
        return none.sudo().browse(given.cfdi_id), given.form


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _receipts_of_other_form(self, form):
        """Receipts that count and say that it was paid otherwise."""
        living = self.sudo().cfdi_ids.filtered(lambda cfdi: cfdi.cfdi_type == "P" and cfdi.state in LIVE_STATES)
        return living.filtered(lambda cfdi: not cfdi._substitute() and cfdi._says_form() != form)
