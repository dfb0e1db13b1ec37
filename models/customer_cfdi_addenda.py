import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..cfdi import CfdiError
from ..cfdi.addenda import add_addenda

# Only invoices carry it: not payments, transfers nor credit notes.
ADDENDA_TYPES = ("I",)


class CustomerCfdi(models.Model):
    """The XML as the customer gets it. The stored bytes stay as the PAC stamped them; the addenda is added each time,
    so that an order number filled in after the stamp is in it."""

    _inherit = "customer.cfdi"

    delivered_xml = fields.Binary(
        string="XML for the Customer",
        compute="_compute_delivered_xml",
        help="The stamped XML with the addenda that the customer asks for; without one, the stamped XML itself.",
    )
    addenda_message = fields.Char(
        string="Addenda",
        compute="_compute_delivered_xml",
        help="What is missing before the addenda of the customer can be put into this CFDI.",
    )

    @api.depends("xml", "uuid", "partner_id.addenda_template_id.template")
    @api.depends_context("bin_size")
    def _compute_delivered_xml(self):
        for cfdi in self:
            cfdi.delivered_xml = cfdi.addenda_message = False
            if cfdi.uuid:
                try:
                    cfdi.delivered_xml = base64.b64encode(cfdi._with_addenda())
                except UserError as error:
                    cfdi.addenda_message = str(error)

    def _with_addenda(self):
        """The stamped XML with the addenda of the customer, where it asks for one; else as it was stamped.

        :rtype: bytes
        :raise UserError: it is not stamped, or something that the addenda needs is missing
        """
        self.ensure_one()
        xml = base64.b64decode(self.with_context(bin_size=False).xml or b"")
        if not self.uuid or not xml:
            raise UserError(
                self.env._("%(name)s is not stamped: there is no XML for the customer yet.", name=self.name)
            )
        template = self._addenda_template()
        if not template:
            return xml
        try:
            return add_addenda(xml, template.template, self._addenda_values())
        except CfdiError as error:
            raise UserError(
                self.env._(
                    "Addenda Template: “%(template)s” of %(customer)s cannot be put into %(name)s. %(reason)s",
                    template=template.name,
                    customer=self.partner_id.display_name,
                    name=self.name,
                    reason=error,
                )
            ) from error

    def _addenda_template(self):
        # With sudo: whoever may see the document may have it as the customer gets it. A template of another company
        # is not for this one's invoices, whatever a customer that both share says.
        template = self.sudo().partner_id.commercial_partner_id.addenda_template_id
        of_company = not template.company_id or template.company_id == self.company_id
        return template if self.cfdi_type in ADDENDA_TYPES and of_company else template.browse()

    def _addenda_values(self):
        """What the comprobante does not say by itself; the names are those of ``cfdi.addenda.PLACEHOLDERS``."""
        # With sudo: an accountant need not see the orders that an invoice comes from.
        move = self.sudo().move_id
        orders = move.invoice_line_ids.sale_line_ids.order_id
        return {
            "factura": move.name or "",
            "fecha_factura": fields.Date.to_string(move.invoice_date) or "",
            "fecha_vencimiento": fields.Date.to_string(move.invoice_date_due) or "",
            # Without an order the reference is the customer's; with one, Odoo fills it with its own order's name.
            "orden_compra": self._join(orders.mapped("client_order_ref")) if orders else move.ref or "",
            "pedido": self._join(orders.mapped("name")),
            "fecha_pedido": self._local_date(min(orders.mapped("date_order"), default=None)),
            "fecha_entrega": self._delivery_date(move, orders),
            "numero_cliente": move.commercial_partner_id.ref or "",
            "nombre_cliente": move.commercial_partner_id.name or "",
        }

    @api.model
    def _join(self, names):
        return ", ".join(dict.fromkeys(name for name in names if name))

    def _local_date(self, moment):
        """The day of a moment for the company, as a string; empty without one."""
        if not moment:
            return ""
        zoned = self.with_context(tz=self.company_id._business_time_zone())
        return fields.Date.to_string(fields.Datetime.context_timestamp(zoned, moment).date())

    def _delivery_date(self, move, orders):
        if move.delivery_date:
            return fields.Date.to_string(move.delivery_date)
        return self._local_date(min((date for date in orders.mapped("commitment_date") if date), default=None))

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.readonly
    def customer_xml(self):
        """The XML of stamped documents as their customers get it, addenda included.

        :return: a list with a dict for each: ``cfdi_id``, ``name`` (of the file) and ``xml`` (base64)
        :raise AccessError: for who may not read the documents
        :raise UserError: one is not stamped, or something that an addenda needs is missing (which, is in the text)
        """
        self.check_access("read")
        return [
            {"cfdi_id": cfdi.id, "name": cfdi.xml_name, "xml": base64.b64encode(cfdi._with_addenda()).decode()}
            for cfdi in self
        ]


class AccountMove(models.Model):
    _inherit = "account.move"

    def _cfdi_with_addenda(self):
        """The XML of the invoice as its customer gets it; see ``customer.cfdi._with_addenda``.

        :rtype: bytes
        :raise UserError: the invoice is not stamped, or something that the addenda needs is missing
        """
        self.ensure_one()
        cfdi = self.cfdi_ids.filtered(lambda cfdi: cfdi.state == "stamped")[:1]
        if not cfdi:
            raise UserError(
                self.env._("%(name)s is not stamped: there is no XML for the customer yet.", name=self.display_name)
            )
        return cfdi._with_addenda()
