from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.service.model import retrying
from odoo.tests import tagged

from .common import RaceCase


@tagged("post_install", "-at_install")
class TestCreditGateRace(RaceCase):
    """Two sales to the same customer."""

    def setUp(self):
        super().setUp()
        env = self._env(0)
        self.company_id = env.ref("base.main_company").id
        self.gate_was_on = env["res.company"].browse(self.company_id).customer_credit_gate
        env["res.company"].browse(self.company_id).customer_credit_gate = True
        values = {"name": "Cliente de la carrera", "customer_rank": 1, "credit_limit": 1000.0, "credit_days": 30}
        customer = env["res.partner"].create(values)
        product = env["product.product"].create({"name": "Producto de la carrera", "type": "service"})
        line = {"product_id": product.id, "price_unit": 600.0, "tax_ids": [Command.clear()]}
        orders = env["sale.order"].create(
            [{"partner_id": customer.id, "order_line": [Command.create(line)]} for _number in range(2)]
        )
        self.customer_id, self.product_id, self.order_ids = customer.id, product.id, orders.ids
        env.cr.commit()
        self.addCleanup(self._remove)

    def _remove(self):
        env = self._env_to_remove()
        orders = env["sale.order"].browse(self.order_ids)
        orders.filtered(lambda order: order.state == "sale")._action_cancel()
        orders.unlink()
        env["product.product"].browse(self.product_id).unlink()
        env["res.partner"].browse(self.customer_id).unlink()
        env["res.company"].browse(self.company_id).customer_credit_gate = self.gate_was_on
        env.cr.commit()

    def _race(self, method):
        """The second begins before the first commits; it is tried again, and told what the first left."""
        first, second = (self._env(number)["sale.order"].browse(self.order_ids[number]) for number in range(2))
        second.env.cr.execute("SELECT count(*) FROM sale_order")  # its snapshot is older than the other's commit
        getattr(first, method)()
        first.env.cr.commit()
        calls = []

        def call():
            calls.append(1)
            return getattr(second, method)()

        with patch("odoo.service.model.time.sleep"), self.assertRaisesRegex(UserError, "Owed: .*600.00"):
            retrying(call, second.env)
        second.env.cr.rollback()
        self.assertEqual(len(calls), 2, "the row of the gate makes the late one fail and be tried again")
        return second

    def test_first_passages(self):
        """Neither finds a row: the one who comes later must not make his own beside the other's."""
        self._race("action_confirm")

    def test_later_passages(self):
        env = self._env(0)
        env["customer.credit.gate"]._record_passages(
            [(env["res.partner"].browse(self.customer_id), env["res.company"].browse(self.company_id))]
        )
        env.cr.commit()
        self._race("action_confirm")

    def test_set_aside(self):
        self._race("action_reserve")

    def test_cash_sales_do_not_wait(self):
        env = self._env(0)
        env["sale.order"].browse(self.order_ids).payment_term_id = False
        env.cr.commit()
        first, second = (self._env(number)["sale.order"].browse(self.order_ids[number]) for number in range(2))
        second.env.cr.execute("SELECT count(*) FROM sale_order")
        first.action_confirm()
        first.env.cr.commit()
        second._check_credit_gate()
        second.write({"state": "sale"})
        second.flush_recordset()
        self.assertEqual(second.state, "sale")
