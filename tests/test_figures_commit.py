from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from ..models import customer_figure_pending, kept_cursor
from ..models.customer_figure_pending import BEGIN_SHORTLY, CustomerFigurePending
from .common import RealTransactionCase


class TakenAtOnce(dict):
    """The kept connections, where another thread takes each at once."""

    def setdefault(self, key, value):
        kept = super().setdefault(key, value)
        self.pop(key)
        return kept


class CommittedCase(RealTransactionCase):
    """A customer and its sales in real transactions."""

    def setUp(self):
        super().setUp()
        env = self._begin()
        customer = env["res.partner"].create({"name": "Cliente de prueba", "customer_rank": 1})
        product = env["product.product"].create({"name": "Mesa de prueba", "list_price": 1000.0, "taxes_id": False})
        env.cr.commit()
        self.customer_id, self.product_id = customer.id, product.id
        self.addCleanup(self._remove)

    def _remove(self):
        env = self._begin()
        orders = env["sale.order"].search([("partner_id", "=", self.customer_id)])
        orders._action_cancel()
        orders.unlink()
        env["res.partner"].browse(self.customer_id).unlink()
        env["product.product"].browse(self.product_id).product_tmpl_id.unlink()
        env.cr.commit()
        env["customer.figure.pending"]._cron_refresh()

    def _confirm_order(self, env):
        line = Command.create({"product_id": self.product_id, "product_uom_qty": 2})
        order = env["sale.order"].create({"partner_id": self.customer_id, "order_line": [line]})
        order.action_confirm()
        return order

    def _stored(self):
        env = self._begin()
        env.cr.execute(
            "SELECT receivable_balance ->> %s, write_date FROM res_partner WHERE id = %s",
            [str(env.company.id), self.customer_id],
        )
        [(balance, write_date)] = env.cr.fetchall()
        env.cr.execute("SELECT count(*) FROM customer_figure_pending WHERE customer_id = %s", [self.customer_id])
        [(pending,)] = env.cr.fetchall()
        env.cr.close()
        return float(balance or 0), pending, write_date

    def _card(self, env):
        return env["res.partner"].browse(self.customer_id).receivable_balance


@tagged("post_install", "-at_install")
class TestFiguresCommit(CommittedCase):
    """What happens around a commit."""

    def test_stored_after_the_commit(self):
        _balance, _pending, write_date = self._stored()
        env = self._begin()
        self._confirm_order(env)
        self.assertEqual(self._card(env), 2000.0, "read from the documents, before the commit")
        env.flush_all()
        self.assertEqual(self._card(env), 2000.0)
        self.assertEqual(self._stored()[0], 0.0)
        env.cr.commit()
        self.assertEqual(self._stored(), (2000.0, 0, write_date), "stored; nobody wrote the customer")
        self.assertEqual(self._card(env), 2000.0)

    def test_a_rollback_leaves_nothing(self):
        env = self._begin()
        self._confirm_order(env)
        env.flush_all()
        env.cr.rollback()
        self.assertEqual(self._stored()[:2], (0.0, 0))

    def test_a_part_that_is_rolled_back(self):
        env = self._begin()
        self._confirm_order(env)
        with self.assertRaises(ZeroDivisionError), env.cr.savepoint():
            self._confirm_order(env)
            env.flush_all()
            raise ZeroDivisionError
        self._confirm_order(env)
        self.assertEqual(self._card(env), 4000.0)
        env.cr.commit()
        self.assertEqual(self._stored()[:2], (4000.0, 0))

    def test_killed_right_after_the_commit(self):
        env = self._begin()
        self._confirm_order(env)
        with patch.object(CustomerFigurePending, "_refresh_committed"):  # nothing runs any more
            env.cr.commit()
        balance, pending, _write_date = self._stored()
        self.assertEqual(balance, 0.0)
        self.assertTrue(pending)
        env = self._begin()
        self.assertEqual(self._card(env), 2000.0, "who reads it gets it from the documents")
        env["customer.figure.pending"]._cron_refresh()
        self.assertEqual(self._stored()[:2], (2000.0, 0))

    def test_the_connection_is_kept_with_its_plans(self):
        used = []
        refresh = CustomerFigurePending._refresh

        def remember(pending, customer_ids):
            used.append(pending.env.cr.connection.get_backend_pid())
            return refresh(pending, customer_ids)

        env = self._begin()
        with patch.object(CustomerFigurePending, "_refresh", remember):
            self._confirm_order(env)
            env.cr.commit()
            self._confirm_order(env)
            env.cr.commit()
            self.assertEqual(len(set(used)), 1, "the same connection")
            kept = kept_cursor._kept[env.cr.dbname]
            self.assertEqual(kept.connection.get_transaction_status(), TRANSACTION_STATUS_IDLE)
            self.assertIsNone(kept.transaction, "no environment, no registry")
            prepared = dict(kept_cursor._prepared[kept])
            self.assertGreaterEqual(len(prepared), 3, "locking, taking the marks, storing")
            self._confirm_order(env)
            env.cr.commit()
            self.assertEqual(kept_cursor._prepared[kept], prepared)
            with self.subTest("PostgreSQL ends it"):
                env.cr.execute("SELECT pg_terminate_backend(%s)", used[:1])
                self._confirm_order(env)
                env.cr.commit()
                self.assertEqual(self._stored()[:2], (8000.0, 0))
                self.assertNotEqual(used[-1], used[0])
            with self.subTest("its server closes all connections, before it forks"):
                kept_cursor._kept[env.cr.dbname].connection.close()
                self._confirm_order(env)
                env.cr.commit()
                self.assertEqual(self._stored()[:2], (10000.0, 0))

    def test_a_connection_is_not_kept_after_a_failure(self):
        registry = self.env.registry
        with self.assertRaises(ZeroDivisionError), kept_cursor.kept_cursor(registry, "SELECT 1") as cr:
            raise ZeroDivisionError
        self.assertTrue(cr.closed)
        self.assertNotIn(registry.db_name, kept_cursor._kept)
        with kept_cursor.kept_cursor(registry, "SELECT 1") as one, kept_cursor.kept_cursor(registry, "SELECT 1") as two:
            self.assertIsNot(one, two, "one a transaction")
        self.assertTrue(one.closed)
        self.assertFalse(two.closed)

    def test_a_connection_that_another_thread_has_taken_is_left_to_it(self):
        with patch.object(kept_cursor, "_kept", TakenAtOnce()):
            with kept_cursor.kept_cursor(self.env.registry, "SELECT 1") as cr:
                pass
            self.assertFalse(cr.closed)
            cr.close()

    def test_two_sales_to_one_customer_at_once(self):
        first, second = self._begin(), self._begin()
        self._confirm_order(first)
        self._confirm_order(second)
        first.cr.commit()
        self._confirm_order(second)
        second.cr.commit()
        self.assertEqual(self._stored()[:2], (6000.0, 0))

    def test_a_row_that_somebody_holds_is_left_to_the_job(self):
        holder = self._begin()
        holder.cr.execute("UPDATE res_partner SET comment = 'x' WHERE id = %s", [self.customer_id])
        env = self._begin()
        self._confirm_order(env)
        module = CustomerFigurePending.__module__
        with patch(f"{module}.BEGIN_SHORTLY", BEGIN_SHORTLY.replace("2s", "100ms")), self.assertLogs(module, "WARNING"):
            env.cr.commit()
        self.assertEqual(self._stored()[0], 0.0)
        holder.cr.rollback()
        self._begin()["customer.figure.pending"]._cron_refresh()
        self.assertEqual(self._stored()[:2], (2000.0, 0))

    def test_who_sells_to_a_long_history_does_not_wait_each_time(self):
        module = CustomerFigurePending.__module__
        self.addCleanup(customer_figure_pending._resting.clear)
        with patch(f"{module}.SLOW", 0):
            env = self._begin()
            before = env["ir.cron.trigger"].search_count([])
            self._confirm_order(env)
            env.cr.commit()
            self.assertEqual(self._stored()[:2], (2000.0, 0))
        env = self._begin()
        self.assertEqual(env["ir.cron.trigger"].search_count([]), before + 1, "the job comes afterwards")
        self._confirm_order(env)
        env.cr.commit()
        balance, pending, _write_date = self._stored()
        self.assertEqual((balance, pending > 0), (2000.0, True))
        self.assertEqual(self._card(env), 4000.0, "who reads it gets it from the documents")
        env["customer.figure.pending"]._cron_refresh()
        self.assertEqual(self._stored()[:2], (4000.0, 0))
        # The time is over: stored after the commit again.
        with patch.dict(customer_figure_pending._resting, {(self.env.cr.dbname, self.customer_id): 0}):
            env = self._begin()
            self._confirm_order(env)
            env.cr.commit()
        self.assertEqual(self._stored()[:2], (6000.0, 0))
