"""Where each line of the history comes from.

A branch is a function of ``env``: the query of the documents (that the user may read), the SQL of the id in the table
that its rows come from, the columns, and one more condition. Every path from the customer to a row has an index:
``res_partner.commercial_partner_id``, the document's ``partner_id``, ``mail_message (model, res_id)`` and
``mail_tracking_value.mail_message_id``.

What happened to a document is told by the messages of its tracking. Their subtypes and record ids say what, in no
language; the texts are those of the day. Documents that came without messages (imported, or created and confirmed in
one go) are told by their dates. Nothing of a row is an expression of another row, so that PostgreSQL can take the
conditions on a timeline into each branch.
"""

from odoo.tools import SQL

DEPENDS = {
    "account.move": ["amount_total", "currency_id", "invoice_origin", "move_type", "name", "partner_id"],
    "account.payment": ["amount", "currency_id", "name", "partner_id", "partner_type", "payment_type"],
    "crm.lead": ["active", "date_closed", "date_conversion", "expected_revenue", "name", "partner_id", "won_status"],
    "mail.message": ["date", "model", "res_id", "subtype_id"],
    "mail.tracking.value": ["field_id", "mail_message_id", "new_value_char", "old_value_char"],
    "res.partner": ["commercial_partner_id", "complete_name", "customer_rank", "parent_id"],
    "sale.order": ["amount_total", "currency_id", "date_order", "name", "partner_id", "state"],
}

# In the order of the SELECT. Each branch has them all, of one type: no condition is taken into a UNION otherwise.
COLUMNS = {
    "partner_id": SQL("customer.commercial_partner_id"),
    "date": SQL("message.date"),
    "kind": SQL("NULL::varchar"),
    "user_id": SQL("message.create_uid"),
    "res_model": SQL("NULL::varchar"),
    "res_id": SQL("NULL::int"),
    "name": SQL("NULL::varchar"),
    "detail": SQL("NULL::varchar"),
    "amount": SQL("NULL::numeric"),
    "currency_id": SQL("NULL::int"),
    "company_id": SQL("NULL::int"),
}
# Context: {model: ids} of the documents to look at; without it, all of them.
ONLY = "customer_history_documents"
CHANGE = SQL("concat_ws(' → ', NULLIF(tracking.old_value_char, ''), NULLIF(tracking.new_value_char, ''))::varchar")


def _documents(env, model, domain=()):
    """The documents that the user may read, and their customer."""
    only = env.context.get(ONLY, {}).get(model)
    domain = [*domain, ("id", "in", only)] if only is not None else list(domain)
    query = env[model]._search(domain, active_test=False)
    query.add_join(
        "JOIN", "customer", "res_partner", SQL("customer.id = %s", SQL.identifier(env[model]._table, "partner_id"))
    )
    return query


def _with_messages(env, model, query, fields):
    """Join the messages of the documents, and in them the values of tracked fields."""
    query.add_join(
        "JOIN",
        "message",
        "mail_message",
        SQL("message.model = %s AND message.res_id = %s", model, SQL.identifier(env[model]._table, "id")),
    )
    field_ids = env["ir.model.fields"]._get_ids(model)
    query.add_join(
        "JOIN",
        "tracking",
        "mail_tracking_value",
        SQL(
            "tracking.mail_message_id = message.id AND tracking.field_id IN %s",
            tuple(field_ids[name] for name in fields),
        ),
    )


def _without_message(env, model, subtypes):
    """Condition: no message says it."""
    return SQL(
        "NOT EXISTS (SELECT FROM mail_message AS said"
        " WHERE said.model = %s AND said.res_id = %s AND said.subtype_id IN %s)",
        model,
        SQL.identifier(env[model]._table, "id"),
        tuple(_subtype(env, name) for name in subtypes),
    )


def _subtype(env, xmlid):
    # A subtype that somebody deleted is nobody's.
    return env["ir.model.data"]._xmlid_to_res_id(xmlid, raise_if_not_found=False) or 0


def _field(env, model, name):
    return env["ir.model.fields"]._get_ids(model)[name]


# ----------------------------------------------------------------------
# The customer and its deals
# ----------------------------------------------------------------------


def _customer_created(env):
    query = env["res.partner"]._search([("customer_rank", ">", 0), ("parent_id", "=", False)], active_test=False)
    columns = {
        "partner_id": SQL("res_partner.id"),
        "date": SQL("res_partner.create_date"),
        "kind": SQL("'created'::varchar"),
        "user_id": SQL("res_partner.create_uid"),
        "res_id": SQL("res_partner.id"),
        "name": SQL("res_partner.complete_name::varchar"),
        "company_id": SQL("res_partner.company_id"),
    }
    return query, SQL("res_partner.id"), columns, None


def _lead_columns(env):
    return {
        "res_id": SQL("crm_lead.id"),
        "name": SQL("crm_lead.name::varchar"),
        "amount": SQL("crm_lead.expected_revenue::numeric"),
        "currency_id": SQL(
            "COALESCE((SELECT company.currency_id FROM res_company AS company WHERE company.id = crm_lead.company_id),"
            " %s)",
            env.company.currency_id.id,
        ),
        "company_id": SQL("crm_lead.company_id"),
    }


def _lead_created(env):
    columns = _lead_columns(env) | {
        "date": SQL("crm_lead.create_date"),
        "kind": SQL(
            "CASE WHEN crm_lead.type = 'lead' OR crm_lead.date_conversion IS NOT NULL"
            " THEN 'prospect' ELSE 'deal' END::varchar"
        ),
        "user_id": SQL("crm_lead.create_uid"),
    }
    return _documents(env, "crm.lead"), SQL("crm_lead.id"), columns, None


def _lead_converted(env):
    columns = _lead_columns(env) | {
        "date": SQL("crm_lead.date_conversion"),
        "kind": SQL("'converted'::varchar"),
        # Who: the lead keeps the date alone, its tracking the user.
        "user_id": SQL(
            """(
                SELECT message.create_uid
                  FROM mail_message AS message
                  JOIN mail_tracking_value AS tracking ON tracking.mail_message_id = message.id
                 WHERE message.model = 'crm.lead' AND message.res_id = crm_lead.id AND tracking.field_id = %s
                 ORDER BY message.id DESC
                 LIMIT 1
            )""",
            _field(env, "crm.lead", "type"),
        ),
    }
    query = _documents(env, "crm.lead", [("date_conversion", "!=", False)])
    return query, SQL("crm_lead.id"), columns, None


def _lead_moved(env):
    """Won, lost, reopened or in another stage: one row a message, whatever else it tracked."""
    won, lost, restored, stage = (_subtype(env, f"crm.mt_lead_{name}") for name in ("won", "lost", "restored", "stage"))
    query = _documents(env, "crm.lead")
    query.add_join(
        "JOIN",
        "message",
        "mail_message",
        SQL(
            "message.model = 'crm.lead' AND message.res_id = crm_lead.id AND message.subtype_id IN %s",
            (won, lost, restored, stage),
        ),
    )
    for alias, name in (("tracking", "stage_id"), ("reason", "lost_reason_id")):
        query.add_join(
            "LEFT JOIN",
            alias,
            SQL(
                "LATERAL (SELECT value.old_value_char, value.new_value_char, value.old_value_integer"
                " FROM mail_tracking_value AS value"
                " WHERE value.mail_message_id = message.id AND value.field_id = %s"
                " ORDER BY value.id DESC LIMIT 1)",
                _field(env, "crm.lead", name),
            ),
            SQL("TRUE"),
        )
    query.add_join("LEFT JOIN", "old_stage", "crm_stage", SQL("old_stage.id = tracking.old_value_integer"))
    columns = _lead_columns(env) | {
        "kind": SQL(
            "CASE WHEN message.subtype_id = %s THEN 'won'"
            " WHEN message.subtype_id = %s THEN 'lost'"
            # Odoo calls it a change of stage when a deal that was won goes back.
            " WHEN message.subtype_id = %s OR old_stage.is_won THEN 'reopened'"
            " ELSE 'stage' END::varchar",
            won,
            lost,
            restored,
        ),
        "detail": SQL("COALESCE(CASE WHEN message.subtype_id = %s THEN reason.new_value_char END, %s)", lost, CHANGE),
    }
    return query, SQL("message.id"), columns, None


def _lead_closed(env):
    """Deals won or lost without a message: imported, or created as won."""
    columns = _lead_columns(env) | {
        "date": SQL("crm_lead.date_closed"),
        "kind": SQL("crm_lead.won_status::varchar"),
        "user_id": SQL("NULL::int"),
    }
    query = _documents(env, "crm.lead", [("won_status", "in", ("won", "lost")), ("date_closed", "!=", False)])
    where = _without_message(env, "crm.lead", ("crm.mt_lead_won", "crm.mt_lead_lost"))
    return query, SQL("crm_lead.id"), columns, where


# ----------------------------------------------------------------------
# Sales
# ----------------------------------------------------------------------

ORDER = {
    "res_id": SQL("sale_order.id"),
    "name": SQL("sale_order.name::varchar"),
    "amount": SQL("sale_order.amount_total::numeric"),
    "currency_id": SQL("sale_order.currency_id"),
    "company_id": SQL("sale_order.company_id"),
}


def _order_created(env):
    columns = ORDER | {
        "date": SQL("sale_order.create_date"),
        "kind": SQL("'quotation'::varchar"),
        "user_id": SQL("sale_order.create_uid"),
    }
    return _documents(env, "sale.order"), SQL("sale_order.id"), columns, None


def _order_changed(env):
    query = _documents(env, "sale.order")
    _with_messages(env, "sale.order", query, ["state"])
    columns = ORDER | {
        "kind": SQL(
            "CASE message.subtype_id WHEN %s THEN 'confirmed' WHEN %s THEN 'sent' ELSE 'state' END::varchar",
            _subtype(env, "sale.mt_order_confirmed"),
            _subtype(env, "sale.mt_order_sent"),
        ),
        "detail": CHANGE,
    }
    return query, SQL("tracking.id"), columns, None


def _order_confirmed(env):
    """Sales confirmed without a message: imported, or created and confirmed in one go."""
    columns = ORDER | {
        "date": SQL("sale_order.date_order"),
        "kind": SQL("'confirmed'::varchar"),
        "user_id": SQL("sale_order.create_uid"),
    }
    query = _documents(env, "sale.order", [("state", "=", "sale")])
    where = _without_message(env, "sale.order", ["sale.mt_order_confirmed"])
    return query, SQL("sale_order.id"), columns, where


# ----------------------------------------------------------------------
# Invoices, credit notes and payments
# ----------------------------------------------------------------------

MOVE = {
    "res_id": SQL("account_move.id"),
    # As Odoo shows a draft, which has no folio yet.
    "name": SQL("COALESCE(NULLIF(account_move.name, '/'), '* ' || account_move.id)::varchar"),
    "amount": SQL("account_move.amount_total::numeric"),
    "currency_id": SQL("account_move.currency_id"),
    "company_id": SQL("account_move.company_id"),
}
MOVE_DOMAIN = [("move_type", "in", ("out_invoice", "out_refund", "out_receipt"))]


def _move_created(env):
    columns = MOVE | {
        "date": SQL("account_move.create_date"),
        "kind": SQL(
            "CASE WHEN account_move.move_type = 'out_refund' THEN 'credit_note'"
            " WHEN account_move.invoice_origin <> '' THEN 'invoiced'"
            " ELSE 'invoice' END::varchar"
        ),
        "user_id": SQL("account_move.create_uid"),
        "detail": SQL("NULLIF(account_move.invoice_origin, '')::varchar"),
    }
    return _documents(env, "account.move", MOVE_DOMAIN), SQL("account_move.id"), columns, None


def _move_changed(env):
    query = _documents(env, "account.move", MOVE_DOMAIN)
    _with_messages(env, "account.move", query, ["state", "payment_state"])
    state, paid = _field(env, "account.move", "state"), _subtype(env, "account.mt_invoice_paid")
    columns = MOVE | {
        "kind": SQL(
            "CASE WHEN tracking.field_id <> %s THEN 'paid' WHEN message.subtype_id = %s THEN 'posted'"
            " ELSE 'state' END::varchar",
            state,
            _subtype(env, "account.mt_invoice_validated"),
        ),
        "detail": CHANGE,
    }
    # Of the states of payment, only the last one is news: the payments have lines of their own.
    where = SQL("(tracking.field_id = %s OR message.subtype_id = %s)", state, paid)
    return query, SQL("tracking.id"), columns, where


PAYMENT = {
    "res_id": SQL("account_payment.id"),
    "name": SQL("COALESCE(NULLIF(account_payment.name, '/'), '* ' || account_payment.id)::varchar"),
    "amount": SQL("account_payment.amount::numeric"),
    "currency_id": SQL("account_payment.currency_id"),
    "company_id": SQL("account_payment.company_id"),
}
PAYMENT_DOMAIN = [("partner_type", "=", "customer")]


def _payment_created(env):
    columns = PAYMENT | {
        "date": SQL("account_payment.create_date"),
        "kind": SQL("CASE account_payment.payment_type WHEN 'outbound' THEN 'refund' ELSE 'payment' END::varchar"),
        "user_id": SQL("account_payment.create_uid"),
        "detail": SQL("NULLIF(account_payment.memo, '')::varchar"),
    }
    return _documents(env, "account.payment", PAYMENT_DOMAIN), SQL("account_payment.id"), columns, None


def _payment_changed(env):
    query = _documents(env, "account.payment", PAYMENT_DOMAIN)
    _with_messages(env, "account.payment", query, ["state"])
    columns = PAYMENT | {"kind": SQL("'state'::varchar"), "detail": CHANGE}
    return query, SQL("tracking.id"), columns, None


# The position is part of the id of a line: new ones go to the end.
BRANCHES = (
    ("res.partner", _customer_created),
    ("crm.lead", _lead_created),
    ("crm.lead", _lead_converted),
    ("crm.lead", _lead_moved),
    ("crm.lead", _lead_closed),
    ("sale.order", _order_created),
    ("sale.order", _order_changed),
    ("sale.order", _order_confirmed),
    ("account.move", _move_created),
    ("account.move", _move_changed),
    ("account.payment", _payment_created),
    ("account.payment", _payment_changed),
)
