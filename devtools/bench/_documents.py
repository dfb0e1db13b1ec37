"""Customers and documents by the hundred thousand, multiplied in SQL from those that Odoo itself has made of one.

Run inside an Odoo shell. Every copy has all the columns of its model, so the figures read it like any other; copies
differ in the customer, the day and in what has been collected. A sale whose invoice is paid is completed.
"""

DAYS = 700
PAID = "n % 10 < 7"  # of ten invoices seven
LEFT = f"CASE WHEN {PAID} THEN 0 ELSE t.{{}} END"


def generate(env, customers, open_orders, invoices):
    """Make customers, orders that nobody has invoiced, and invoices with their orders; the transaction is committed.

    :return: the id of the first customer; the others follow it
    """
    from odoo import Command  # which there is in an Odoo shell

    product = env["product.product"].create({"name": "Silla", "list_price": 1000.0, "invoice_policy": "order"})
    customer = env["res.partner"].create({"name": "Modelo", "customer_rank": 1})
    lines = [Command.create({"product_id": product.id, "product_uom_qty": 1})]
    open_order, order = env["sale.order"].create([{"partner_id": customer.id, "order_line": lines}] * 2)
    (order | open_order).action_confirm()
    invoice = order._create_invoices()
    invoice.action_post()
    env.flush_all()

    # what no two records share
    keys = dict.fromkeys(
        ("access_token", "customer_number_key", "customer_rfc_key", "customer_email_key", "ref"), "NULL"
    )
    names = dict.fromkeys(("name", "complete_name"), "'Cliente ' || n")
    first = multiply(env, "res_partner", customer.id, customers, commercial_partner_id="{id}", **names, **keys)
    owner = f"{first} + n % {customers}"
    owners = dict.fromkeys(("partner_id", "partner_invoice_id", "partner_shipping_id", "commercial_partner_id"), owner)

    def orders(template, count, letter, **changes):
        day = f"t.date_order - n % {DAYS} * interval '1 day'"
        name = f"'{letter}' || n"
        first_order = multiply(
            env, "sale_order", template.id, count, name=name, date_order=day, **changes, **keys, **owners
        )
        return multiply(env, "sale_order_line", template.order_line.id, count, order_id=f"{first_order} + n")

    orders(open_order, open_orders, "A")
    stage = f"CASE WHEN {PAID} THEN 'completed' ELSE t.customer_stage END"
    order_line = orders(order, invoices, "B", customer_stage=stage)
    dates = {name: f"t.{name} - n % {DAYS}" for name in ("date", "invoice_date", "invoice_date_due", "date_maturity")}
    number = dict.fromkeys(("name", "payment_reference", "move_name"), f"'B/{customer.id}/' || n")
    left = {name: LEFT.format(name) for name in ("amount_residual", "amount_residual_currency")}
    changes = {**owners, **dates, **number, **left, **keys, "sequence_number": "n"}
    move = multiply(env, "account_move", invoice.id, invoices, **changes)
    for line in invoice.line_ids:
        own = {**owners, **dates, "move_name": number["move_name"], "move_id": f"{move} + n"}
        if line.account_id.account_type == "asset_receivable":
            own |= {**left, "reconciled": PAID}
        invoice_line = multiply(env, "account_move_line", line.id, invoices, **own)
        if line.product_id:
            env.cr.execute(
                "INSERT INTO sale_order_line_invoice_rel (order_line_id, invoice_line_id)"
                f" SELECT {order_line} + n, {invoice_line} + n FROM generate_series(0, {invoices} - 1) n"
            )
    env.cr.commit()
    return first


def multiply(env, table, template_id, count, **changes):
    """Insert copies of a row.

    :param changes: {column: SQL expression}: ``n`` is the copy's number from 0, ``{id}`` its id, ``t`` the row
    :return: the id of the first copy; the others follow it
    """
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", [table]
    )
    columns = [row[0] for row in env.cr.fetchall()]
    env.cr.execute(f"SELECT nextval('{table}_id_seq')")
    [(first,)] = env.cr.fetchall()
    env.cr.execute(f"SELECT setval('{table}_id_seq', {first} + {count})")
    changes["id"] = "{id}"
    values = [changes.get(column, f't."{column}"').replace("{id}", f"({first} + n)") for column in columns]
    env.cr.execute(
        f"""INSERT INTO {table} ({", ".join(f'"{column}"' for column in columns)})
            SELECT {", ".join(values)} FROM {table} t CROSS JOIN generate_series(0, {count} - 1) n
             WHERE t.id = {template_id}"""
    )
    # PostgreSQL would look for each referenced row of what it takes for a small table one by one.
    env.cr.execute(f"ANALYZE {table}")
    return first
