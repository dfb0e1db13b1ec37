from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .cfdi_moves import MovesCommon


@tagged("post_install", "-at_install")
class TestCfdiSales(MovesCommon):
    """What sales and other modules make of an invoice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                            "discount": discount,
                            "tax_ids": [Command.set(taxes.ids)],
                        }
                    )
                    for quantity, price, discount, taxes in (
                        (3, 333.33, 0, cls.iva_16),
                        (1, 100.07, 5, cls.iva_16),
                        (7, 14.29, 0, cls.ieps_8 + cls.iva_16),
                        (2, 49.99, 0, cls.iva_0),
                        (10, 12.5, 0, cls.quota + cls.iva_16),
                    )
                ],
            }
        )

    def _invoice(self):
        self.order.action_confirm()
        invoice = self.order._create_invoices()
        invoice.invoice_date = self.today
        invoice.action_post()
        return invoice

    def test_a_global_discount(self):
        self.env["sale.order.discount"].create(
            {"sale_order_id": self.order.id, "discount_type": "so_discount", "discount_percentage": 0.1}
        ).action_apply_discount()
        invoice = self._invoice()
        self.assertGreater(len(invoice.invoice_line_ids.filtered(lambda line: line.price_subtotal < 0)), 2)
        root = self._xml(invoice)
        self.assertEqual(len(self._conceptos(root)), 5)
        self.assertEqual(float(self._untaxed(root)), invoice.amount_untaxed)

    def test_a_global_discount_of_an_amount(self):
        self.env["sale.order.discount"].create(
            {"sale_order_id": self.order.id, "discount_type": "amount", "discount_amount": 77.77}
        ).action_apply_discount()
        self._xml(self._invoice())

    def test_a_reward(self):
        self.env["loyalty.program"].create(
            {
                "name": "10 % en todo",
                "program_type": "promotion",
                "trigger": "auto",
                "applies_on": "current",
                "rule_ids": [Command.create({})],
                "reward_ids": [Command.create({"reward_type": "discount", "discount": 10.0})],
            }
        )
        self.order._update_programs_and_rewards()
        for coupon, rewards in self.order._get_claimable_rewards().items():
            self.order._apply_program_reward(rewards[:1], coupon)
        self.assertTrue(self.order.order_line.filtered("is_reward_line"))
        root = self._xml(self._invoice())
        self.assertEqual(len(self._conceptos(root)), 5)

    def test_lines_of_the_cost_of_goods_are_the_journals_alone(self):
        invoice = self._move((1, 100, 0, self.iva_16), post=False)
        account = invoice.invoice_line_ids.account_id
        invoice.write(
            {
                "line_ids": [
                    Command.create(
                        {"name": "Costo", "display_type": "cogs", "account_id": account.id, "balance": balance}
                    )
                    for balance in (60.0, -60.0)
                ]
            }
        )
        invoice.action_post()
        self.assertEqual(len(self._conceptos(self._xml(invoice))), 1)

    def test_the_pac_takes_it(self):
        """The simulator checks with code of its own."""
        invoice = self._move(
            (3, 333.33, 12.5, self.iva_16 + self.local_added),
            (1, 200, 0, self.iva_16 + self.isr + self.iva_withheld),
            (12, 15, 0, self.quota + self.iva_16),
            (1, 20, 0, self.exempt),
            (2, 50, 100, self.iva_16),
            (-1, 33.33, 0, self.iva_16 + self.local_added),
        )
        (result,) = invoice.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        self.assertTrue(invoice.cfdi_is_sealed)

    def test_a_combo_is_a_section(self):
        invoice = self._move(
            {"display_type": "line_section", "name": "Paquete x 1", "product_id": False, "quantity": 0},
            (1, 100, 0, self.iva_16),
        )
        self.assertEqual(len(self._conceptos(self._xml(invoice))), 1)

    def test_who_may_not_make_invoices(self):
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        orders = self._create_order(self._create_customer(name="Público en General", vat="XAXX010101000"))
        with self.assertRaises(AccessError):
            self.env["customer.global.invoice"].with_user(seller).create({"order_ids": [Command.set(orders.ids)]})

    def test_a_thousand_lines_cost_no_query_each(self):
        self._xml(self._move((1, 100, 0, self.iva_16)))
        few = self._move(*[(1, 100 + number, 0, self.iva_16) for number in range(3)])
        many = self._move(*[(1, 100 + number, 0, self.iva_16) for number in range(40)])
        counts = []
        for move in (few, few, many):  # the first one fills the caches of the process
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            move._prepare_comprobante()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1], "forty lines cost no more queries than three")
