"""The order cycle: what a sale goes through, one commit a step."""

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
    from odoo import Command  # which there is in an Odoo shell

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

    def timed(step, work):
        start = time.perf_counter()
        result = work()
        env.cr.commit()
        seconds[step].append(time.perf_counter() - start)
        env.invalidate_all()
        return result

    def create(customer):
        lines = [Command.create({"product_id": product.id, "product_uom_qty": quantity}) for quantity in (1, 2, 3)]
        return env["sale.order"].create({"partner_id": customer.id, "order_line": lines})

    def pay(invoice):
        register = env["account.payment.register"]
        return register.with_context(active_model="account.move", active_ids=invoice.ids).create({})._create_payments()

    for number in turns_of(path):
        order = timed("create", lambda: create(customers[number % CUSTOMERS]))  # noqa: B023 called at once
        timed("confirm", order.action_confirm)
        invoice = timed("invoice", order._create_invoices)
        timed("post", invoice.action_post)
        timed("pay", lambda: pay(invoice))  # noqa: B023 called at once
        assert order.invoice_ids.payment_state in ("paid", "in_payment"), order.invoice_ids.payment_state
    return {step: values[WARM_UP:] for step, values in seconds.items()}


def use_mexican_chart(env):
    company = env.company
    if company.chart_template != "mx":
        company.country_id = env.ref("base.mx")
        env["account.chart.template"].try_loading("mx", company, install_demo=False)
