from .models.customer_figures import SOURCES
from .models.res_partner_identity import KEYS


def post_init_hook(env):
    """Customers that were there before: who came first with a number, an RFC or an e-mail keeps it as its own."""
    for name in KEYS:
        env["res.partner"]._claim_first_come(name)


def uninstall_hook(env):
    """The figures' queries are functions of the database, which no model owns; what quotations hold of the stock is
    free again, as nobody could free it afterwards."""
    orders = env["sale.order"]
    if orders._has_stock():
        orders = orders.search([("reserved_on", "!=", False)])
        orders._discard_stock(orders._stock_moves())
    for source in SOURCES:
        env.cr.execute(f"DROP FUNCTION IF EXISTS customer_figures_{source}")
    # With the indexes that use them.
    env.cr.execute("DROP FUNCTION IF EXISTS customer_figure_date, customer_figure_datetime CASCADE")
