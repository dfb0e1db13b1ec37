"""Orders, invoices, credit notes and receipts of the demo company, made by Odoo's own methods from ``plan``.

Everything is made in batches, one call a kind of document, in the order of its dates, so that numbers grow with dates.
"""

from datetime import datetime, time, timedelta

from odoo import Command, fields

from . import plan

MODULE = "l10n_mx_customer"
TIME_ZONE = "America/Mexico_City"
LANGUAGE = "es_MX"
# 9:00 in Mexico City, which has no summer time; the working day ends before the date changes in UTC.
OPENING = time(15, 0)

# What a customer buys follows from its tags.
GOODS = (
    "cafe", "frijol", "miel", "botana", "refresco", "energetica", "vino", "mezcal", "papel", "boligrafo", "libro",
    "portatil", "impresora", "teclado", "silla", "lampara", "detergente", "tornillo", "guantes", "cemento",
    "paracetamol",
)  # fmt: skip
SERVICES = ("soporte", "instalacion", "renta", "flete", "asesoria")
BORDER = ("uniforme", "refacciones", "mantenimiento")
EXPORTS = ("cafe", "miel", "lampara", "silla", "guantes")


def load(company):
    """Make the documents of the year for ``company``; nothing if it has any, so that it can be asked for twice."""
    env = company.with_company(company).with_context(
        allowed_company_ids=company.ids,
        mail_create_nolog=True,
        mail_create_nosubscribe=True,
        mail_notrack=True,
        tracking_disable=True,
        tz=TIME_ZONE,
    ).env  # fmt: skip
    _speak_spanish(env)
    if not env["sale.order"].search_count([("company_id", "=", company.id)], limit=1):
        # A year that is told, in which customers come to owe too much: the credit gate does not judge it.
        gate = company.customer_credit_gate
        company.customer_credit_gate = False
        Documents(env).make()
        company.customer_credit_gate = gate


def _speak_spanish(env):
    """Demo people speak Spanish where it is installed."""
    if LANGUAGE in dict(env["res.lang"].get_installed()):
        names = [("module", "=", MODULE), ("model", "in", ("res.partner", "res.users"))]
        for model, data in env["ir.model.data"].search(names).grouped("model").items():
            env[model].browse(data.mapped("res_id")).lang = LANGUAGE
        foreign = [("category_id", "=", env.ref(f"{MODULE}.tag_exportacion").id)]
        env["res.partner"].search(foreign).lang = "en_US"
        env.ref("base.user_admin").lang = LANGUAGE


class Documents:
    def __init__(self, env):
        self.env = env
        self.today = fields.Date.context_today(env.user)
        self.products = self._by_name("product.product", "product_")
        self.customers = self._by_name("res.partner", "customer_")
        self.orders = {}  # id of the order: its plan.Sale

    def _by_name(self, model, prefix):
        """The module's demo records of a model by the rest of their external id, in the order of the files."""
        data = self.env["ir.model.data"].search(
            [("module", "=", MODULE), ("model", "=", model), ("name", "=like", prefix.replace("_", r"\_") + "%")],
            order="id",
        )
        return {each.name.removeprefix(prefix): self.env[model].browse(each.res_id) for each in data}

    def _day(self, days_ago):
        return self.today - timedelta(days=days_ago)

    def make(self):
        sales = plan.plan(self._customers())
        orders = self._make_orders(sales)
        invoices = self._make_invoices(orders)
        credit_notes = self._make_credit_notes(invoices)
        self._make_receipts(invoices, credit_notes)

    # -- what the plan knows -------------------------------------------------------------------------------------

    def _customers(self):
        pricelists = self.env["res.partner"].union(*self.customers.values()).property_product_pricelist
        prices = {pricelist: self._prices(pricelist) for pricelist in pricelists}
        return [self._customer(name, partner, prices) for name, partner in self.customers.items()]

    def _customer(self, name, partner, prices):
        tags = {self.env.ref(f"{MODULE}.tag_{tag}"): tag for tag in ("exportacion", "frontera")}
        kinds = {tags.get(tag) for tag in partner.category_id}
        if "exportacion" in kinds:
            assortment = EXPORTS
        elif "frontera" in kinds:
            assortment = BORDER + ("guantes", "tornillo", "detergente")
        else:
            # Only companies withhold taxes from those who serve them.
            assortment = GOODS + (SERVICES if partner.is_company else ())
        return plan.Customer(
            name=name,
            credit_days=partner.credit_days,
            credit_limit=partner.credit_limit,
            prices={product: prices[partner.property_product_pricelist][product] for product in assortment},
            archived=not partner.active,
        )

    def _prices(self, pricelist):
        """Tax-included unit prices in pesos, by product."""
        currency = self.env.company.currency_id
        products = self.env["product.product"].union(*self.products.values())
        prices = pricelist._get_products_price(products, 1.0, currency=currency)
        return {
            name: product.taxes_id.compute_all(prices[product.id], currency, product=product)["total_included"]
            for name, product in self.products.items()
        }

    # -- orders --------------------------------------------------------------------------------------------------

    def _make_orders(self, sales):
        orders = self.env["sale.order"].create([self._prepare_order(sale) for sale in sales])
        self.orders = dict(zip(orders.ids, sales, strict=True))
        dates = {order: order.date_order for order in orders}
        self._in_state(orders, plan.CANCELLED)._action_cancel()
        confirmed = self._in_state(orders, plan.CONFIRMED)
        confirmed.action_confirm()
        for order in confirmed:
            # Confirming dates it now.
            order.date_order = dates[order]
            if self.orders[order.id].days_ago > 5:
                for line in order.order_line:
                    line.qty_delivered = line.product_uom_qty
        return confirmed

    def _prepare_order(self, sale):
        partner = self.customers[sale.customer]
        contacts = partner.child_ids.filtered(lambda child: child.type == "contact")
        moment = datetime.combine(self._day(sale.days_ago), OPENING) + timedelta(minutes=sale.minute)
        return {
            "company_id": self.env.company.id,
            "partner_id": contacts[0].id if contacts and sale.by_contact else partner.id,
            "user_id": partner.user_id.id,
            "date_order": moment,
            "validity_date": moment.date() + timedelta(days=30),
            "order_line": [
                Command.create({"product_id": self.products[name].id, "product_uom_qty": quantity})
                for name, quantity in sale.lines
            ],
        }

    def _in_state(self, orders, state):
        return orders.filtered(lambda order: self.orders[order.id].state == state)

    # -- invoices ------------------------------------------------------------------------------------------------

    def _make_invoices(self, orders):
        """Posted invoices with their sale, the oldest first."""
        pairs = [(self.orders[order.id], order) for order in orders]
        pairs = sorted((pair for pair in pairs if pair[0].invoiced), key=lambda pair: -pair[0].invoice_days_ago)
        drafts = [(sale, order) for sale, order in pairs if sale.drafted]
        pairs = [(sale, order) for sale, order in pairs if not sale.drafted]
        invoices = self.env["account.move"].create([self._prepare_invoice(*pair) for pair in pairs + drafts])
        posted = invoices[: len(pairs)]
        posted.action_post()
        return [(sale, invoice) for (sale, _order), invoice in zip(pairs, posted, strict=True)]

    def _prepare_invoice(self, sale, order):
        # As sale.order._create_invoices() does, which cannot date them nor invoice a part: to write both afterwards
        # takes twice as long.
        lines = []
        for line in order.order_line:
            quantity = max(1, line.product_uom_qty * sale.invoiced // 1)
            lines.append(Command.create(line._prepare_invoice_line(quantity=quantity)))
        return {
            **order._prepare_invoice(),
            "invoice_date": self._day(sale.invoice_days_ago),
            "invoice_line_ids": lines,
        }

    # -- credit notes --------------------------------------------------------------------------------------------

    def _make_credit_notes(self, invoices):
        """Posted credit notes by the invoice that they are of."""
        noted = [(sale.credit_note, invoice) for sale, invoice in invoices if sale.credit_note]
        moves = self.env["account.move"].create([self._prepare_credit_note(note, invoice) for note, invoice in noted])
        moves.action_post()
        for note, invoice in noted:
            sold = invoice.invoice_line_ids.sale_line_ids
            if note.kind == plan.REVERSAL:
                sold.order_id._action_cancel()
            elif note.kind == plan.RETURN:
                # What came back is no longer part of the order.
                sold[0].product_uom_qty -= self._returned(invoice)
                sold[0].qty_delivered = sold[0].product_uom_qty
        return {invoice: move for (_note, invoice), move in zip(noted, moves, strict=True)}

    def _prepare_credit_note(self, note, invoice):
        if note.kind == plan.DISCOUNT:
            lines = [
                self._prepare_discount_line(*group) for group in invoice.invoice_line_ids.grouped("tax_ids").items()
            ]
        elif note.kind == plan.RETURN:
            lines = [self._prepare_returned_line(invoice.invoice_line_ids[0], self._returned(invoice))]
        else:
            lines = [self._prepare_returned_line(line, line.quantity) for line in invoice.invoice_line_ids]
        return {
            "move_type": "out_refund",
            "company_id": invoice.company_id.id,
            "partner_id": invoice.partner_id.id,
            "currency_id": invoice.currency_id.id,
            "fiscal_position_id": invoice.fiscal_position_id.id,
            "invoice_user_id": invoice.invoice_user_id.id,
            "invoice_date": self._day(note.days_ago),
            "ref": invoice.name,
            # Odoo applies it to the invoice that it names here, when it is posted.
            "reversed_entry_id": invoice.id if note.applied else False,
            "invoice_line_ids": [Command.create(line) for line in lines],
        }

    def _prepare_discount_line(self, taxes, lines):
        return {
            "product_id": self.products["bonificacion"].id,
            "quantity": 1,
            "price_unit": lines.currency_id.round(sum(lines.mapped("price_subtotal")) * 0.05),
            # A quota is paid by the unit, and no unit comes back.
            "tax_ids": [Command.set(taxes.filtered(lambda tax: tax.amount_type == "percent").ids)],
        }

    def _returned(self, invoice):
        """How much of the first line of an invoice comes back: half of it."""
        return max(1, invoice.invoice_line_ids[0].quantity // 2)

    def _prepare_returned_line(self, line, quantity):
        return {
            "product_id": line.product_id.id,
            "product_uom_id": line.product_uom_id.id,
            "quantity": quantity,
            "price_unit": line.price_unit,
            "discount": line.discount,
            "tax_ids": [Command.set(line.tax_ids.ids)],
            "sale_line_ids": [Command.set(line.sale_line_ids.ids)],
        }

    # -- receipts ------------------------------------------------------------------------------------------------

    def _make_receipts(self, invoices, credit_notes):
        """Receipts of the invoices, what is paid back, and advances that belong to no invoice."""
        receipts = []  # (days ago, values, document or None)
        for sale, invoice in invoices:
            left = invoice.amount_total
            note = sale.credit_note
            if note and note.applied:
                left -= credit_notes[invoice].amount_total
            elif note and note.paid_back:
                refund = credit_notes[invoice]
                payment = plan.Payment(note.days_ago - 2)
                values = self._prepare_payment(refund, payment, refund.amount_total) | {"payment_type": "outbound"}
                receipts.append((payment.days_ago, values, refund))
            for payment in sale.payments:
                amount = left if payment.share is None else min(left, invoice.amount_total * payment.share)
                amount = invoice.currency_id.round(amount)
                left -= amount
                if amount > 0:
                    receipts.append((payment.days_ago, self._prepare_payment(invoice, payment, amount), invoice))
        for name, days_ago, amount in plan.ADVANCES:
            receipts.append((days_ago, self._prepare_advance(name, days_ago, amount), None))
        receipts.sort(key=lambda receipt: -receipt[0])
        payments = self.env["account.payment"].create([values for _days_ago, values, _document in receipts])
        payments.action_post()
        self._match(
            [
                document + payment.move_id
                for payment, (_days_ago, _values, document) in zip(payments, receipts, strict=True)
                if document
            ]
        )

    def _match(self, matches):
        """Match invoices with their receipts; the taxes that become due by it are moved for all of them at once."""
        receivables = [
            moves.line_ids.filtered(lambda line: line.account_type == "asset_receivable") for moves in matches
        ]
        in_pesos = [lines for lines in receivables if lines.currency_id == self.env.company.currency_id]
        model = self.env["account.move.line"]
        model.with_context(no_cash_basis=True)._reconcile_plan(in_pesos)
        lines = model.union(*in_pesos)
        partials = (lines.matched_credit_ids | lines.matched_debit_ids).filtered(
            lambda partial: partial.debit_move_id.payment_id or partial.credit_move_id.payment_id
        )
        partials._create_tax_cash_basis_moves()
        partials._set_draft_caba_move_vals()
        # One at a time: in a batch, Odoo 19 leaves exchange differences unmatched.
        for lines in receivables:
            if lines not in in_pesos:
                lines.reconcile()

    def _prepare_payment(self, document, payment, amount):
        # Counter sales go to the till; the rest comes by the bank.
        cash = document.cfdi_payment_form == "01"
        return {
            **self._prepare_inbound(document.commercial_partner_id, payment.days_ago, "cash" if cash else "bank"),
            "amount": amount,
            "currency_id": document.currency_id.id,
            "memo": document.name,
        }

    def _prepare_advance(self, name, days_ago, amount):
        return {
            **self._prepare_inbound(self.customers[name], days_ago, "bank"),
            "amount": amount,
            "memo": "Anticipo",
        }

    def _prepare_inbound(self, partner, days_ago, journal):
        return {
            "payment_type": "inbound",
            "partner_type": "customer",
            "partner_id": partner.id,
            "date": self._day(days_ago),
            "journal_id": self.env["account.chart.template"].ref(journal).id,
        }
