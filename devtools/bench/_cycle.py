"""The order cycle: what a sale goes through, each step a transaction of its own, as a request is."""

import time

from devtools.bench._turns import turns_of

STEPS = ("create", "confirm", "invoice", "post", "pay")
CUSTOMERS, WARM_UP = 5, 3


def order_cycle(env, path, on_credit):
    """Cycles, as many as there are turns.

    :param path: of the socket of the turns
    :param on_credit: of customers on credit, so that who has a credit gate counts what they owe
    :return: {step: [seconds, a cycle]}; what is loaded once, in the first cycles, is not measured
    """
    from odoo import Command, api  # which there are in an Odoo shell

    use_mexican_chart(env)
    product = env["product.product"].create({"name": "Silla", "list_price": 1000.0, "invoice_policy": "order"})
    values = {"customer_rank": 1, "is_company": True, "zip": "06000", "country_id": env.ref("base.mx").id}
    if on_credit:
        term = env.ref("account.account_payment_term_30days")
        values |= {"credit_limit": 1e9, "property_payment_term_id": term.id}
        # what OCA's modules count of a customer's debt is chosen customer by customer
        names = env["res.partner"]._fields
        values |= {name: True for name in names if name.startswith("risk_") and name.endswith("_include")}
    customers = env["res.partner"].create([{"name": f"Cliente {n}", **values} for n in range(CUSTOMERS)])
    env.cr.commit()
    seconds = {step: [] for step in STEPS}

    def timed(step, work, record_ids=()):
        """What a request does: its own cursor and caches, and a commit. :return: ids of the records that work gives"""
        start = time.perf_counter()
        with env.registry.cursor() as cr:
            answer = work(api.Environment(cr, env.uid, env.context), record_ids).ids
        seconds[step].append(time.perf_counter() - start)
        return answer

    def create(env, customer_ids):
        lines = [Command.create({"product_id": product.id, "product_uom_qty": quantity}) for quantity in (1, 2, 3)]
        return env["sale.order"].create({"partner_id": customer_ids[0], "order_line": lines})

    def confirm(env, order_ids):
        orders = env["sale.order"].browse(order_ids)
        orders.action_confirm()
        return orders

    def invoice(env, order_ids):
        return env["sale.order"].browse(order_ids)._create_invoices()

    def post(env, invoice_ids):
        invoices = env["account.move"].browse(invoice_ids)
        invoices.action_post()
        return invoices

    def pay(env, invoice_ids):
        register = env["account.payment.register"]
        return register.with_context(active_model="account.move", active_ids=invoice_ids).create({})._create_payments()

    for number in turns_of(path):
        order_ids = timed("create", create, customers[number % CUSTOMERS].ids)
        timed("confirm", confirm, order_ids)
        invoice_ids = timed("invoice", invoice, order_ids)
        timed("post", post, invoice_ids)
        timed("pay", pay, invoice_ids)
        env.cr.rollback()  # to see what the steps have committed
        env.invalidate_all()
        invoices = env["account.move"].browse(invoice_ids)
        assert invoices.payment_state in ("paid", "in_payment"), invoices.payment_state
    return {step: values[WARM_UP:] for step, values in seconds.items()}


def use_mexican_chart(env):
    company = env.company
    if company.chart_template != "mx":
        company.country_id = env.ref("base.mx")
        env["account.chart.template"].try_loading("mx", company, install_demo=False)
