"""What fills the card's tabs besides documents: papers, log, deals, activities and changes of the demo customers.

Days count from today, as in ``plan``: what is expired stays expired, and what is to come is still to come.
"""

from datetime import datetime, time, timedelta

from odoo import Command, fields

from . import papers
from .documents import MODULE, _speak_spanish

# On purpose the only ones to whom something is missing, beside the lead that was converted yesterday.
INCOMPLETE = "mapache_cobrizo"
LEAD_NAME = "Taquería Luna Tuerta"

# Types of file that the customers hand in: name of the file and days until it expires (None: it does not).
HANDED_IN = {
    "csf": ("Constancia de Situación Fiscal.pdf", None),
    "contract": ("Contrato de crédito.pdf", 420),
    "address": ("Comprobante de domicilio.pdf", None),
    "deed": ("Acta constitutiva.pdf", None),
    "identification": ("Identificación del representante.png", 1100),
}
# Beside those: customer, type, name, days until it expires, state, reason of the rejection.
MORE_FILES = (
    ("nopal_contento", "compliance", "Opinión de cumplimiento.pdf", -12, "valid", None),
    (
        "nopal_contento", "address", "Recibo de luz.pdf", None, "rejected",
        "El recibo tiene más de tres meses: se necesita el del último bimestre.",
    ),
    ("nopal_contento", "contract", "Contrato de crédito, renovación.pdf", 780, "pending", None),
    ("tianguis_jovial", "compliance", "Opinión de cumplimiento.pdf", 18, "valid", None),
    ("tianguis_jovial", "other", "Manual de addenda 2.1.pdf", None, "pending", None),
    (
        INCOMPLETE, "csf", "Constancia de Situación Fiscal.pdf", None, "rejected",
        "El régimen está tapado por el sello: se necesita el PDF que entrega el SAT, no una foto.",
    ),
    (INCOMPLETE, "contract", "Contrato de crédito.pdf", -30, "valid", None),
)  # fmt: skip
# Customer, contact, author, days ago, type, what it was about, details, days until the follow-up, done.
LOG = (
    ("nopal_contento", "nopal_compras", "mariana", 2, "call", "Pide cotización de frijol para diciembre",
     "<p>Quiere 40 costales; pregunta si el precio de mayoreo aguanta hasta la posada.</p>", 3, False),
    ("nopal_contento", "nopal_cxp", "paulina", 9, "collection", "Promesa de pago de la factura más antigua",
     "<p>Paga el viernes por transferencia, a la cuenta STP.</p>", -1, False),
    ("nopal_contento", "nopal_direccion", "mariana", 34, "visit", "Visita a la bodega de Coyoacán",
     "<p>Abren otra nave en febrero. Les interesa entrega diaria.</p>", None, True),
    ("nopal_contento", "nopal_almacen", "ivan", 51, "complaint", "Dos costales llegaron mojados",
     "<p>Se repusieron en la entrega siguiente; pidió que se tapen en el patio.</p>", None, True),
    ("nopal_contento", "nopal_compras", "mariana", 120, "meeting", "Negociación de lista de precios del año", False,
     None, True),
    ("tianguis_jovial", "tianguis_recibo", "mariana", 5, "delivery", "Rechazo parcial por altura de tarima",
     "<p>Volver a entregar con tarimas de 1.60 m.</p>", 2, False),
    ("tianguis_jovial", "tianguis_compras", "mariana", 21, "email", "Pidieron la addenda 2.1", False, None, True),
    ("quetzal_aurora", "quetzal_gerencia", "mariana", 12, "visit", "Revisión de la guardia nocturna", False, 15, False),
    ("jacaranda_roja", "jacaranda_obra", "mariana", 3, "collection", "Cliente atrasado: hablar con Darío",
     "<p>Dice que la estimación de obra se paga el día 10.</p>", 6, False),
    ("piston_dorado", None, "paulina", 15, "collection", "No contesta; se dejó recado", False, -4, False),
    ("tuerca_feliz", "tuerca_mostrador", "ivan", 7, "message", "Promoción de tornillo por caja", False, None, True),
    ("mapache_cobrizo", "mapache_taller", "ivan", 4, "call", "Se le pidió otra vez la Constancia", False, 4, False),
    ("publico", None, "ivan", 30, "note", "Corte de caja del mostrador sin diferencias", False, None, True),
)  # fmt: skip
# Customer, name, expected revenue, probability or how it ended.
DEALS = (
    ("nopal_contento", "Entrega diaria a la nave nueva", 480000, 60),
    ("nopal_contento", "Café con su marca", 95000, "won"),
    ("nopal_contento", "Renta de vitrinas", 42000, "lost"),
    ("tianguis_jovial", "Isla de mezcal en 14 tiendas", 1250000, 40),
    ("quetzal_aurora", "Contrato anual de mantenimiento", 380000, 75),
    ("luna_serena", "Segunda sucursal en Xalapa", 64000, 30),
)
# Customer, author, days ago, what was changed.
CHANGES = (
    ("nopal_contento", "mariana", 180, {"phone": "+52 55 5550 0101"}, {"phone": "+52 55 5550 0100"}),
    ("nopal_contento", "paulina", 140, {"credit_limit": 500000}, {"credit_limit": 350000}),
    ("nopal_contento", "mariana", 95, {"delivery_hours": "6:00 a 11:00, sin excepción"}, {"delivery_hours": False}),
    ("nopal_contento", "paulina", 40, {"cfdi_use": "G01"}, {"cfdi_use": "G03"}),
    ("nopal_contento", "mariana", 12, {"channel_id": "channel_distribuidores"}, {"channel_id": "channel_campo"}),
    ("tianguis_jovial", "paulina", 60, {"credit_limit": 500000}, {"credit_limit": 400000}),
)
# Of whom the salesperson wants to hear.
WATCHED = ("nopal_contento", "tianguis_jovial", "quetzal_aurora", "valle_sonado")
# When each record was made and by whom, had people made them one by one. SQL: the ORM writes no create_date.
DATED = (
    """
    UPDATE sale_order
       SET create_date = date_order, create_uid = COALESCE(user_id, create_uid)
     WHERE company_id = %(company)s
    """,
    """
    UPDATE account_move
       SET create_date = invoice_date + TIME '18:00', create_uid = COALESCE(invoice_user_id, create_uid)
     WHERE company_id = %(company)s AND invoice_date IS NOT NULL
    """,
    """
    UPDATE account_payment
       SET create_date = date + TIME '19:00', create_uid = (SELECT id FROM res_users WHERE login = 'paulina.zarate')
     WHERE company_id = %(company)s
    """,
    """
    UPDATE res_partner partner
       SET create_date = first.date - INTERVAL '9 days', create_uid = COALESCE(partner.user_id, partner.create_uid)
      FROM (SELECT commercial_partner_id, min(date_order) AS date
              FROM sale_order
             WHERE company_id = %(company)s AND state = 'sale'
          GROUP BY commercial_partner_id) first
     WHERE first.commercial_partner_id = partner.commercial_partner_id
       AND partner.commercial_partner_id IN %(customers)s
    """,
    """
    UPDATE crm_lead
       SET create_date = create_date - INTERVAL '45 days', create_uid = COALESCE(user_id, create_uid)
     WHERE company_id = %(company)s
    """,
    """
    UPDATE mail_message message
       SET date = partner.create_date + INTERVAL '2 days'
      FROM res_partner partner
     WHERE message.model = 'res.partner' AND message.res_id = partner.id AND partner.id IN %(customers)s
       AND message.date > partner.create_date + INTERVAL '2 days' AND message.date > %(noon)s - INTERVAL '2 days'
       AND message.id IN (SELECT mail_message_id FROM mail_tracking_value)
    """,
)
CARTS = {"nopal_contento": ("frijol", "cafe"), "luna_serena": ("cafe", "miel"), "publico": ("botana", "refresco")}


def load(company):
    """Fill in the cards of ``company``'s demo customers; nothing if it was done, so that it can be asked for twice."""
    env = company.with_company(company).with_context(
        allowed_company_ids=company.ids,
        active_test=False,
        mail_activity_quick_update=True,
        mail_create_nolog=True,
        mail_create_nosubscribe=True,
        mail_notify_force_send=False,
        tracking_disable=True,
        tz="America/Mexico_City",
    ).env  # fmt: skip
    if not env["customer.log"].search_count([("company_id", "=", company.id)], limit=1):
        Card(env).make()
        _speak_spanish(env)


class Card:
    def __init__(self, env):
        self.env = env
        self.today = fields.Date.context_today(env.user)
        # eleven in the morning in Mexico City
        self.noon = datetime.combine(self.today, time(17))

    def _ref(self, name):
        return self.env.ref(f"{MODULE}.{name}")

    def make(self):
        self._make_files()
        self._make_log()
        self._make_deals()
        self._make_activities()
        self._make_carts()
        self._make_changes()
        self._date_records()
        # Last: the year's sales and payments would fill their salesperson's mailbox.
        self.env["res.partner"].union(*(self._ref(f"customer_{name}") for name in WATCHED)).notify_owner = True

    # -- files ---------------------------------------------------------------------------------------------------

    def _make_files(self):
        customers = self.env["res.partner"].search(
            [("id", "in", self._demo_customer_ids()), ("parent_id", "=", False), ("customer_rank", ">", 0)]
        )
        incomplete = self._ref(f"customer_{INCOMPLETE}")
        rejected = {self._ref(f"file_type_{kind}") for name, kind, *_rest in MORE_FILES if name == INCOMPLETE}
        values = []
        for kind, (name, days) in HANDED_IN.items():
            file_type = self._ref(f"file_type_{kind}")
            for index, partner in enumerate(customers.filtered_domain(file_type._required_domain())):
                if partner != incomplete or file_type not in rejected:
                    # not all of them on one day
                    expires = days and days + index * 7
                    values.append(self._prepare_file(partner, file_type, name, expires, "valid"))
        for name, kind, *rest in MORE_FILES:
            values.append(self._prepare_file(self._ref(f"customer_{name}"), self._ref(f"file_type_{kind}"), *rest))
        self.env["ir.attachment"].create(values)

    def _demo_customer_ids(self):
        data = self.env["ir.model.data"].search([("module", "=", MODULE), ("model", "=", "res.partner")])
        return data.filtered(lambda each: each.name.startswith(("customer_", "newcomer_"))).mapped("res_id")

    def _prepare_file(self, partner, file_type, name, days, state, reason=None):
        lines = [
            partner.cfdi_legal_name or partner.name,
            f"RFC {partner.vat or ''}",
            f"C.P. {partner.cfdi_zip or partner.zip or ''}, {partner.city or ''}",
        ]
        make = papers.card if name.endswith(".png") else papers.pdf
        return {
            "res_model": "res.partner",
            "res_id": partner.id,
            "name": name,
            "raw": make(file_type.name, lines),
            "customer_file_type_id": file_type.id,
            "customer_file_expires_on": days is not None and self.today + timedelta(days=days),
            "customer_file_state": state,
            "customer_file_reason": reason,
            **(
                {
                    "customer_file_reviewer_id": self._ref("user_paulina").id,
                    "customer_file_reviewed_on": self.noon - timedelta(days=20),
                }
                if state != "pending"
                else {}
            ),
        }

    # -- what people do ------------------------------------------------------------------------------------------

    def _make_log(self):
        self.env["customer.log"].create(
            [
                {
                    "partner_id": self._ref(f"customer_{name}").id,
                    "contact_id": contact and self._ref(f"contact_{contact}").id,
                    "author_id": self._ref(f"user_{author}").id,
                    "date": self.noon - timedelta(days=days_ago, minutes=37 * index % 180),
                    "type": kind,
                    "summary": summary,
                    "note": note,
                    "next_date": follow_up is not None and self.today + timedelta(days=follow_up),
                    "done": done,
                }
                for index, (name, contact, author, days_ago, kind, summary, note, follow_up, done) in enumerate(LOG)
            ]
        )

    def _make_deals(self):
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": name,
                    "type": "opportunity",
                    "partner_id": self._ref(f"customer_{customer}").id,
                    "user_id": self._ref(f"customer_{customer}").user_id.id,
                    "company_id": self.env.company.id,
                    "expected_revenue": revenue,
                    "probability": ending if isinstance(ending, int) else 50,
                }
                for customer, name, revenue, ending in DEALS
            ]
        )
        for lead, (_customer, _name, _revenue, ending) in zip(leads, DEALS, strict=True):
            if ending == "won":
                lead.action_set_won()
            elif ending == "lost":
                lead.action_set_lost(lost_reason_id=self.env.ref("crm.lost_reason_1").id)
        self._convert_lead()

    def _convert_lead(self):
        """A customer who has just come from the CRM, with what is known of a lead: not enough to invoice."""
        lead = self.env["crm.lead"].create(
            {
                "name": "Salsas y refrescos para tres locales",
                "type": "lead",
                "partner_name": LEAD_NAME,
                "contact_name": "Nadia Cuapio",
                "phone": "+52 222 555 0193",
                "email_from": "nadia@luna-tuerta.example.com",
                "user_id": self._ref("user_ivan").id,
                "company_id": self.env.company.id,
                "campaign_id": self._ref("campaign_expo").id,
                "country_id": self.env.ref("base.mx").id,
                "state_id": self.env.ref("base.state_mx_pue").id,
            }
        )
        lead._handle_partner_assignment(create_missing=True)
        lead.convert_opportunity(lead.partner_id)
        customer = lead.partner_id.commercial_partner_id
        # noupdate: an upgrade deletes what it does not find in the files
        self.env["ir.model.data"].create(
            {
                "module": MODULE,
                "name": "newcomer_luna_tuerta",
                "model": "res.partner",
                "res_id": customer.id,
                "noupdate": True,
            }
        )

    def _make_activities(self):
        rows = (
            ("nopal_contento", "mail.mail_activity_data_call", "mariana", 1, "Confirmar pedido de la semana"),
            ("nopal_contento", "mail.mail_activity_data_meeting", "mariana", 8, "Junta: entrega diaria"),
            ("tianguis_jovial", "mail.mail_activity_data_todo", "mariana", -2, "Subir la addenda a su portal"),
            ("quetzal_aurora", "mail.mail_activity_data_email", "mariana", 0, "Enviar el contrato anual"),
            (INCOMPLETE, "mail.mail_activity_data_call", "ivan", -3, "Pedir la Constancia del SAT"),
        )
        for name, kind, user, days, summary in rows:
            self._ref(f"customer_{name}").activity_schedule(
                kind,
                date_deadline=self.today + timedelta(days=days),
                summary=summary,
                user_id=self._ref(f"user_{user}").id,
            )
        done = self._ref("customer_nopal_contento").activity_schedule(
            "mail.mail_activity_data_call",
            date_deadline=self.today - timedelta(days=16),
            summary="Avisar del cambio de precios",
            user_id=self._ref("user_mariana").id,
        )
        done.action_feedback("Enterada; pidió la lista por correo.")

    def _make_carts(self):
        for name, products in CARTS.items():
            customer = self._ref(f"customer_{name}")
            customer.default_cart_id = self.env["sale.order"].create(
                {
                    "company_id": self.env.company.id,
                    "partner_id": customer.id,
                    "user_id": customer.user_id.id,
                    "order_line": [
                        Command.create({"product_id": self._ref(f"product_{product}").id, "product_uom_qty": 4})
                        for product in products
                    ],
                }
            )

    # -- changes -------------------------------------------------------------------------------------------------

    def _make_changes(self):
        """Tracked as when people do it: what is there now was something else before."""
        self.env.cr.flush()
        for name, author, days_ago, new, old in CHANGES:
            customer = self._ref(f"customer_{name}")
            customer.write(self._resolve(old))
            self.env.cr.flush()
            tracked = customer.with_user(self._ref(f"user_{author}")).sudo().with_context(tracking_disable=False)
            before = customer.message_ids
            tracked.write(self._resolve(new))
            self.env.cr.flush()
            (customer.message_ids - before).date = self.noon - timedelta(days=days_ago)

    def _date_records(self):
        """The card's history says when records were made and by whom; these were all made at once, by the system."""
        self.env.flush_all()
        params = {"company": self.env.company.id, "customers": tuple(self._demo_customer_ids()), "noon": self.noon}
        for query in DATED:
            self.env.cr.execute(query, params)
        self.env.invalidate_all()

    def _resolve(self, values):
        return {
            name: self._ref(value).id if name.endswith("_id") and value else value for name, value in values.items()
        }
