from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..cfdi import addenda

# What the preview shows where an invoice has its own values.
SAMPLE = {
    "serie": "A",
    "folio": "1234",
    "uuid": "5E1F3B2A-0C4D-4E6F-8A9B-1C2D3E4F5A6B",
    "fecha": "2026-03-04T10:20:30",
    "fecha_timbrado": "2026-03-04T10:20:35",
    "subtotal": "1000.00",
    "descuento": "0.00",
    "impuestos_trasladados": "160.00",
    "impuestos_retenidos": "0.00",
    "total": "1160.00",
    "moneda": "MXN",
    "tipo_cambio": "1",
    "metodo_pago": "PPD",
    "forma_pago": "99",
    "condiciones_pago": "30 días",
    "lugar_expedicion": "06000",
    "tipo_comprobante": "I",
    "rfc_emisor": "EKU9003173C9",
    "nombre_emisor": "ESCUELA KEMPER URGATE",
    "rfc_receptor": "URE180429TM6",
    "nombre_receptor": "UNIVERSIDAD ROBOTICA ESPAÑOLA",
    "uso_cfdi": "G03",
    "conceptos": "1",
    "factura": "INV/2026/00012",
    "fecha_factura": "2026-03-04",
    "fecha_vencimiento": "2026-04-03",
    "orden_compra": "OC-4500012345",
    "pedido": "S00042",
    "fecha_pedido": "2026-03-01",
    "fecha_entrega": "2026-03-05",
    "numero_cliente": "C00007",
    "nombre_cliente": "Universidad Robótica Española",
}
SAMPLE_LINE = {
    "concepto_numero": "1",
    "concepto_clave": "SILLA-01",
    "concepto_clave_sat": "56112102",
    "concepto_descripcion": "Silla de oficina",
    "concepto_cantidad": "1",
    "concepto_unidad": "Pieza",
    "concepto_clave_unidad": "H87",
    "concepto_valor_unitario": "1000.00",
    "concepto_importe": "1000.00",
    "concepto_descuento": "0.00",
}


class CustomerAddenda(models.Model):
    """Template of the addenda that a customer asks for in its invoices; what it may say is in ``cfdi.addenda``."""

    _name = "customer.addenda"
    _description = "Addenda Template"
    _order = "name, id"

    name = fields.Char(required=True, help="Whose addenda it is and its version, such as Soriana 1.3.")
    template = fields.Text(
        string="Addenda XML",
        required=True,
        default='<OrdenCompra numero="${orden_compra}" />',
        help="XML that the customer's manual asks for, with placeholders such as ${orden_compra} where each invoice "
        "puts its own value. It goes into the node Addenda, after the stamp, and changes nothing that is sealed.",
    )
    active = fields.Boolean(
        default=True, help="An archived template is no longer offered; invoices of the customers that have it keep it."
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        index=True,
        help="Company whose invoices carry the addenda; empty, those of every company.",
    )
    preview = fields.Text(
        compute="_compute_preview", help="What the addenda of an invoice looks like, with values of an example."
    )
    placeholders = fields.Text(
        compute="_compute_placeholders",
        help="What the template may ask for. A value written with a question mark, as in ${descuento?}, may be "
        "missing; without it, an invoice that lacks it gets no addenda until it is filled in.",
    )

    @api.constrains("template")
    def _check_template(self):
        for record in self:
            record._check_one_template()

    def _check_one_template(self):
        try:
            addenda.check_template(self.template)
        except addenda.AddendaError as error:
            raise ValidationError(
                self.env._(
                    "Addenda XML: the template of “%(name)s” is not valid. %(reason)s", name=self.name, reason=error
                )
            ) from error

    @api.depends("template")
    def _compute_preview(self):
        for record in self:
            record.preview = record._render_preview()

    def _render_preview(self):
        try:
            return addenda.render(self.template, SAMPLE, [SAMPLE_LINE])
        except addenda.AddendaError as error:
            return str(error)

    def _compute_placeholders(self):
        self.placeholders = "\n".join(f"${{{name}}}  {meaning}" for name, meaning in addenda.PLACEHOLDERS.items())

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # With sudo: customers that the user does not see, and archived ones, keep it too.
        customers = self.env["res.partner"].sudo().with_context(active_test=False)
        used = customers.search([("addenda_template_id", "in", self.ids)], limit=1).addenda_template_id
        if used:
            raise UserError(
                self.env._(
                    "Addenda Template: “%(name)s” is given to customers; archive it, and it is no longer offered.",
                    name=used.name,
                )
            )
