import base64
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .customer_cfdi import ISSUER_GROUP
from .ir_actions_report_cfdi import CFDI_REPORT
from .notification import notification
from .res_partner_tax import GENERIC_RFCS

_logger = logging.getLogger(__name__)

BILLING_ROLE = "FACTURACION"
# In the context of a stamping: who stamps sends the files himself, as Odoo's Send & Print does.
MAIL_KEY = "cfdi_delivery_mail"
# Legal documents, also those that are cancelled: what the customer may have.
DELIVERED_STATES = ("stamped", "cancel_requested", "cancelled")
SENDABLE_STATES = ("stamped", "cancel_requested")
# The job leaves alone what whoever stamped is about to deliver.
GRACE = timedelta(minutes=5)
MAX_TRIES = 8
FIRST_PAUSE = timedelta(minutes=10)
BATCH = 200


class CustomerCfdi(models.Model):
    """What happens after the timbre: files and mail. Nothing here touches the legal document.

    ``_deliver`` is called once the timbre is committed, in a transaction of its own, and by a job for what did not get
    that far or failed, with growing pauses. Each time it makes the files again, attaches them to the document (invoice,
    payment) and to the CFDI, and posts one message with them on the document, so that the chatter shows who got it.
    """

    _inherit = "customer.cfdi"

    pdf_name = fields.Char(compute="_compute_pdf_name")
    delivery_state = fields.Selection(
        selection=[
            ("pending", "To Deliver"),
            ("sent", "Sent"),
            ("not_wanted", "Not Sent by E-mail"),
            ("failed", "Failed"),
        ],
        string="Delivery",
        default="pending",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="What became of the XML and the PDF once the document was stamped: sent by e-mail, or only attached, "
        "because the customer wants no e-mail or the company sends none by itself. What failed is tried again for "
        "about a day, and whenever somebody presses Send by E-mail.",
    )
    delivery_message = fields.Text(
        string="Delivery Details",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Whom it was sent to, or why it was not.",
    )
    delivered_at = fields.Datetime(
        string="Delivered at",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="When the message was last handed over for sending.",
    )
    delivery_tries = fields.Integer(
        readonly=True, copy=False, groups="base.group_user", help="How many times it failed."
    )
    delivery_next = fields.Datetime(
        string="Next Try",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="When the job tries again what failed.",
    )

    _delivery_idx = models.Index("(delivery_next) WHERE delivery_state IN ('pending', 'failed') AND uuid IS NOT NULL")

    def _init_column(self, column_name):
        """Documents from before are not sent all at once when the addon comes to know of deliveries."""
        if column_name != "delivery_state":
            return super()._init_column(column_name)
        return None

    @api.depends("xml_name")
    def _compute_pdf_name(self):
        for cfdi in self:
            cfdi.pdf_name = f"{cfdi.xml_name.removesuffix('.xml')}.pdf"

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def cfdi_send_email(self):
        """Send the XML and the PDF of stamped documents to their customers, again or for the first time.

        Whether the company sends by itself does not matter here; a customer that wants no e-mail gets none. One with
        something wrong does not stop the others. The mails leave once the call is committed.

        :return: a list with a dict for each document: ``cfdi_id``, ``name``, ``state`` (``sent``, ``not_wanted`` or
            ``failed``), ``message`` (why not; False when sent) and ``emails`` (the list of addresses)
        :raise AccessError: for who may not read the documents, or does not issue them
        """
        self._check_sender()
        # Sudo: nobody writes legal documents, and this writes no more than how they were delivered.
        return [cfdi._send_email() for cfdi in self.sudo()]

    def action_cfdi_send_email(self):
        """Button: ``cfdi_send_email``, and tell what happened."""
        results = self.cfdi_send_email()
        wrong = [result for result in results if result["state"] != "sent"]
        lines = [f"{result['name']}: {result['message'] or ', '.join(result['emails'])}" for result in wrong or results]
        return notification("\n".join(lines), "danger" if wrong else "success", sticky=bool(wrong))

    def action_cfdi_pdf(self):
        """Button: download the PDF.

        :return: the action that downloads it
        :raise AccessError: for who may not read the document
        """
        return self._download(f"/my/cfdi/{self.id}/pdf")

    def action_cfdi_xml(self):
        """Button: download the XML as the customer gets it.

        :return: the action that downloads it
        :raise AccessError: for who may not read the document
        """
        return self._download(f"/web/content/customer.cfdi/{self.id}/delivered_xml/{self.xml_name}?download=true")

    def _download(self, url):
        self.ensure_one()
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": url, "target": "download"}

    def _check_sender(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(ISSUER_GROUP):
            raise AccessError(self.env._("Only who issues CFDIs may send them."))

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.readonly
    def customer_pdf(self):
        """The printed CFDI of stamped documents, as their customers get it; ``customer_xml`` has the XML.

        :return: a list with a dict for each: ``cfdi_id``, ``name`` (of the file) and ``pdf`` (base64)
        :raise AccessError: for who may not read the documents
        :raise UserError: one is not stamped
        """
        self.check_access("read")
        return [
            {"cfdi_id": cfdi.id, "name": cfdi.pdf_name, "pdf": base64.b64encode(cfdi._pdf()).decode()} for cfdi in self
        ]

    def _deliver(self):
        """Deliver stamped documents that have not been delivered yet; safe to repeat.

        Called right after the timbre was committed, and by the job. What goes wrong is kept in the delivery fields;
        only a conflict with another transaction is raised, to be tried again.
        """
        for cfdi in self.sudo():
            if cfdi._is_to_deliver() and cfdi._hold() and cfdi._is_to_deliver():
                cfdi._try_delivery(cfdi._deliver_once)

    def _deliver_later(self):
        """Leave it to the job, which comes at once: making a PDF takes longer than stamping."""
        waiting = self.sudo().filtered(lambda cfdi: cfdi._is_to_deliver())
        if waiting:
            waiting.delivery_next = fields.Datetime.now()
            # Sudo: whoever stamps has it delivered.
            self.env.ref("l10n_mx_customer.ir_cron_deliver_cfdi").sudo()._trigger()

    def _is_to_deliver(self):
        return self.state in SENDABLE_STATES and self.delivery_state in ("pending", "failed")

    def _hold(self):
        """Hold the row, so that two do not send one document; and see what is committed of it.

        :return: whether it could be held
        """
        if not self.try_lock_for_update():
            return False
        self.invalidate_recordset()
        return True

    def _deliver_once(self):
        files = self._store_files()
        if self.env.context.get(MAIL_KEY, True) is False:
            # Left pending: should whoever stamped not get to send it, the job does.
            return {}
        if not self.company_id.cfdi_send_automatically:
            return self._not_wanted(self.env._("The company does not send CFDIs by itself."))
        return self._mail_files(files)

    def _send_email(self):
        """One document of ``cfdi_send_email``."""
        if self.state not in SENDABLE_STATES:
            return self._send_result(
                "failed", self.env._("It is not stamped, or it is cancelled: there is nothing to send.")
            )
        if not self._hold():
            return self._send_result("failed", self.env._("It is being delivered, or changed, right now."))
        self._try_delivery(lambda: self._mail_files(self._store_files()))
        sent = self.delivery_state == "sent"
        return self._send_result(
            self.delivery_state,
            False if sent else self.delivery_message,
            (self.delivery_message or "").splitlines() if sent else [],
        )

    def _send_result(self, state, message, emails=()):
        return {"cfdi_id": self.id, "name": self.name, "state": state, "message": message, "emails": list(emails)}

    def _try_delivery(self, deliver):
        """Call something that delivers and returns the values to store; store what went wrong instead."""
        try:
            with self.env.cr.savepoint():
                values = deliver()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:  # the document is stamped, whatever became of its mail
            if not isinstance(error, UserError):
                _logger.exception("CFDI %s could not be delivered", self.uuid)
            self.invalidate_recordset()
            tries = self.delivery_tries + 1
            values = {
                "delivery_state": "failed",
                "delivery_message": str(error) or repr(error),
                "delivery_tries": tries,
                "delivery_next": fields.Datetime.now() + FIRST_PAUSE * 2 ** (tries - 1),
            }
        if values:
            self.write(values)

    def _not_wanted(self, message):
        return {
            "delivery_state": "not_wanted",
            "delivery_message": message,
            "delivery_next": False,
            "delivery_tries": 0,
        }

    def _delivered(self, emails):
        return {
            "delivery_state": "sent",
            "delivery_message": "\n".join(emails),
            "delivered_at": fields.Datetime.now(),
            "delivery_next": False,
            "delivery_tries": 0,
        }

    def _sent_by_odoo(self, move_data):
        """Take note of what Odoo's Send & Print did with the files: nothing is left for the job.

        :param dict move_data: of ``account.move.send``
        """
        self.ensure_one()
        chosen = self.env["res.partner"].browse(move_data.get("mail_partner_ids") or ())
        recipients = chosen.filtered(lambda partner: not partner.no_email)
        if "email" in move_data["sending_methods"] and recipients:
            self.write(self._delivered(recipients.mapped("email_formatted")))
        elif self.delivery_state in ("pending", "failed"):
            self.write(self._not_wanted(self.env._("Send & Print sent it to nobody by e-mail.")))

    # Files

    def _document(self):
        """What the document is known by, with its chatter: the invoice, the payment, the transfer."""
        self.ensure_one()
        return self.move_id.origin_payment_id or self._source()

    def _pdf(self):
        """The printed CFDI, made from its stamped XML.

        :rtype: bytes
        """
        self.ensure_one()
        return self.env["ir.actions.report"]._cfdi_pdf(CFDI_REPORT, self.id)

    def _store_files(self):
        """Attach the XML and the PDF as they are now to the CFDI and to its document, in place of earlier ones.

        :return: the attachments of the document, XML and PDF
        :raise UserError: the XML lacks what the customer's addenda needs, or the PDF cannot be printed
        """
        self.ensure_one()
        contents = {
            self.xml_name: (self._with_addenda(), "application/xml"),
            self.pdf_name: (self._pdf(), "application/pdf"),
        }
        document = self._document()
        for target in (self, document):
            self._attach(target, contents)
        return self._files(document)

    def _files(self, target):
        """The attached XML and PDF of a record. Sudo: the files are the document's, whoever may read the document."""
        attachments = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", target._name),
                    ("res_id", "=", target.id),
                    ("res_field", "=", False),
                    ("name", "in", (self.xml_name, self.pdf_name)),
                ],
                order="id",
            )
        )
        # One of each, should somebody have attached a copy.
        return self.env["ir.attachment"].union(
            *(
                attachments.filtered(lambda file, name=name: file.name == name)[:1]
                for name in (self.xml_name, self.pdf_name)
            )
        )

    def _attach(self, target, contents):
        files = {file.name: file for file in self._files(target)}
        for name, (raw, mimetype) in contents.items():
            if name not in files:
                self.env["ir.attachment"].sudo().create(
                    {
                        "name": name,
                        "raw": raw,
                        "mimetype": mimetype,
                        "res_model": target._name,
                        "res_id": target.id,
                        "company_id": self.company_id.id,
                    }
                )
            elif files[name].raw != raw:
                files[name].raw = raw

    # Mail

    def _delivery_recipients(self):
        """Who gets it: the contacts with the role of invoicing and the customer's invoice addresses, else the address
        of the document, else the customer; those with an e-mail.

        :rtype: res.partner
        """
        self.ensure_one()
        customer = self.partner_id.commercial_partner_id
        chosen = self.env["res.partner"].search(
            [
                ("id", "child_of", customer.id),
                ("email", "!=", False),
                "|",
                ("contact_role_ids.code", "=", BILLING_ROLE),
                ("type", "=", "invoice"),
            ]
        )
        if chosen:
            return chosen
        address = self.move_id.partner_id
        if address.commercial_partner_id != customer:
            address = customer
        return (address if address.email else customer).filtered("email")

    def _mail_files(self, files):
        """Post the message with the files on the document.

        :return: the values to store
        :raise UserError: nobody of the customer has an e-mail
        """
        if self.cfdi_type == "T":
            # Its receiver is the company itself, and it tells where the goods of others go.
            return self._not_wanted(self.env._("A transfer is printed for its driver: no customer gets it."))
        customer = self.partner_id.commercial_partner_id
        if customer.no_email:
            return self._not_wanted(
                self.env._("%(name)s does not want e-mails (No E-mail on its card).", name=customer.display_name)
            )
        recipients = self._delivery_recipients()
        if not recipients:
            if customer.vat in GENERIC_RFCS:
                return self._not_wanted(self.env._("There is nobody to send it to."))
            raise UserError(
                self.env._(
                    "E-mail: %(name)s has none; the customer's, that of its invoice address, or that of a contact with "
                    "the role “%(role)s” is expected.",
                    name=customer.display_name,
                    role=BILLING_ROLE,
                )
            )
        self._post_message(recipients, files)
        return self._delivered(sorted(set(recipients.mapped("email_formatted"))))

    def _post_message(self, recipients, files):
        template = self.company_id.cfdi_mail_template_id or self.env.ref("l10n_mx_customer.mail_template_cfdi")
        document = self._document().with_company(self.company_id)
        rendered = {
            name: template._render_field(name, self.ids, compute_lang=True, options={"post_process": True})[self.id]
            for name in ("subject", "body_html", "email_from")
        }
        lang = template._render_lang(self.ids)[self.id]
        author_id, email_from = document._message_compute_author(email_from=rendered["email_from"] or None)
        # The files are what was stamped: nothing is read back from them into the invoice.
        document.with_context(lang=lang, disable_attachment_import=True, no_document=True).message_post(
            subject=rendered["subject"],
            body=rendered["body_html"],
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=recipients.ids,
            # Those who get it are the recipients; a follower may be anybody.
            notify_skip_followers=True,
            attachment_ids=files.ids,
            author_id=author_id,
            email_from=email_from,
            email_layout_xmlid="mail.mail_notification_light",
            mail_auto_delete=template.auto_delete,
            mail_server_id=template.mail_server_id.id,
        )

    # ------------------------------------------------------------------
    # Jobs
    # ------------------------------------------------------------------

    @api.model
    def _cron_deliver(self):
        """Deliver what whoever stamped did not get to, and what failed and is due again."""
        now = fields.Datetime.now()
        due = self.search(
            [
                ("state", "in", SENDABLE_STATES),
                ("uuid", "!=", False),
                ("delivery_state", "in", ("pending", "failed")),
                ("delivery_tries", "<", MAX_TRIES),
                "|",
                ("delivery_next", "<=", now),
                "&",
                ("delivery_next", "=", False),
                ("stamped_at", "<=", now - GRACE),
            ],
            order="id",
            limit=BATCH,
        )
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for cfdi in due:
            try:
                cfdi._deliver()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody else is at it: the next run looks again.
                self.env.cr.rollback()
            if not self.env["ir.cron"]._commit_progress(1):
                break
