"""Reading, searching and sorting the figures."""

import statistics
import time

# Plain indexed columns, by type: with the values of which figure.
PLAIN = {"float": "receivable_balance", "date": "oldest_debt_date", "datetime": "last_sale_date"}
SQL_TYPES = {"float": "float", "integer": "int", "date": "date", "datetime": "timestamp"}
LIMIT = 80  # a page of the list


def plain_name(type_):
    return f"x_plain_{'float' if type_ == 'integer' else type_}"


def add_plain_columns(env):
    """Give customers indexed columns that nobody computes, with the values of figures, to compare with."""
    for type_, figure in PLAIN.items():
        env["ir.model.fields"].create(
            {
                "model_id": env["ir.model"]._get_id("res.partner"),
                "name": plain_name(type_),
                "field_description": f"Plain {type_}",
                "ttype": type_,
                "index": True,
            }
        )
        env.cr.execute(
            f"UPDATE res_partner SET {plain_name(type_)} = ({figure} ->> '{env.company.id}')::{SQL_TYPES[type_]}"
        )
        env.cr.execute("SELECT indexname FROM pg_indexes WHERE indexdef LIKE %s", [f"%({plain_name(type_)})%"])
        assert env.cr.fetchall(), "the plain column has no index"
    env.cr.commit()
    env.cr._cnx.autocommit = True
    env.cr._cnx.cursor().execute("VACUUM ANALYZE res_partner")
    env.cr._cnx.autocommit = False


def search_times(env, turns):
    """Search and sort by each figure and by plain indexed columns, by turns.

    What is searched for are the highest values, a page of them, in order; medians.

    :return: {field: (milliseconds, times those of the plain column of its type)}
    """
    from odoo.addons.l10n_mx_customer.models.customer_figures import SOURCES  # which there is in an Odoo shell

    partners = env["res.partner"].with_context(active_test=False)
    names = [plain_name(type_) for type_ in PLAIN]
    names += [name for source in SOURCES for name in partners._figure_names(source)]
    bounds = {name: _bound(env, name) for name in names}
    seconds = {name: [] for name in names}
    for _turn in range(turns):
        for name, bound in bounds.items():
            start = time.perf_counter()
            domain = [(name, ">=", bound)] if bound is not None else []
            partners.search(domain, order=f"{name} DESC", limit=LIMIT)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) * 1000 for name, values in seconds.items()}
    return {name: (medians[name], medians[name] / medians[plain_name(partners._fields[name].type)]) for name in names}


def _bound(env, name):
    """The value that one customer in a thousand reaches; None if nobody has one."""
    field = env["res.partner"]._fields[name]
    column = f"({name} ->> '{env.company.id}')" if field.company_dependent else name
    env.cr.execute(
        f"SELECT percentile_disc(0.999) WITHIN GROUP (ORDER BY {column}::{SQL_TYPES[field.type]}) FROM res_partner"
        f" WHERE {column} IS NOT NULL"
    )
    [(bound,)] = env.cr.fetchall()
    return bound if bound is None or field.type in ("float", "integer") else field.to_string(bound)


def read_card(odoo, fields, customer_ids, turns):
    """:return: {customer id: median milliseconds of reading all these fields over RPC}, by turns"""
    seconds = {customer_id: [] for customer_id in customer_ids}
    for turn in range(turns + 2):
        for customer_id in customer_ids:
            start = time.perf_counter()
            odoo.env["res.partner"].read([customer_id], fields)
            if turn > 1:
                seconds[customer_id].append(time.perf_counter() - start)
    return {customer_id: statistics.median(values) * 1000 for customer_id, values in seconds.items()}
