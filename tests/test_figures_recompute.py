import os
import subprocess
import sys
from contextlib import ExitStack
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL, config

from ..models import customer_figure_recompute
from ..models.customer_figure_pending import BEGIN_SHORTLY, CustomerFigurePending
from ..models.customer_figures import SOURCES
from .common import CustomerCommon
from .test_figures_commit import CommittedCase

WRONG = "UPDATE res_partner SET receivable_balance = jsonb_build_object(%s::text, 7) WHERE id = %s"


@tagged("post_install", "-at_install")
class TestFiguresRecompute(CommittedCase):
    """Counting all the figures again, in real transactions."""

    def setUp(self):
        super().setUp()
        env = self._begin()
        self._confirm_order(env)
        env.cr.commit()
        self._spoil()

    def _spoil(self):
        env = self._begin()
        env.cr.execute(WRONG, [env.company.id, self.customer_id])
        env.cr.commit()
        self.assertEqual(self._stored()[0], 7.0)

    def _mark_all(self):
        env = self._begin()
        env["customer.figure.pending"]._mark_all()
        env.cr.commit()
        return env

    def _together(self, meanwhile=None):
        """However few they are; ``meanwhile`` is called between counting and storing."""
        stack = ExitStack()
        stack.enter_context(patch.object(customer_figure_recompute, "MANY", 1))
        if meanwhile:
            pending = type(self.env["customer.figure.pending"])
            count_together = pending._count_together

            def count_and_more(model, customer_ids):
                count_together(model, customer_ids)
                meanwhile()

            stack.enter_context(patch.object(pending, "_count_together", count_and_more))
        return stack

    def test_some_by_some(self):
        env = self._mark_all()
        self.assertEqual(self._card(env), 2000.0, "read from the documents until it is done")
        env["customer.figure.pending"]._cron_refresh()
        self.assertEqual(self._stored()[:2], (2000.0, 0))

    def test_all_together(self):
        env = self._mark_all()
        with self._together():
            env["customer.figure.pending"]._cron_refresh()
        self.assertEqual(self._stored()[:2], (2000.0, 0))
        self.assertFalse(env["customer.figure.pending"]._pending_ids())

    def test_both_ways_give_the_same(self):
        """Of every customer of the database, demo data included where there are."""
        columns = [name for source in SOURCES for name in self.env["res.partner"]._figure_names(source)]
        query = SQL("SELECT id, %s FROM res_partner ORDER BY id", SQL(", ").join(map(SQL.identifier, columns)))
        found = []
        for many in (1, 10**6):
            env = self._mark_all()
            with patch.object(customer_figure_recompute, "MANY", many):
                env["customer.figure.pending"]._cron_refresh()
            found.append(self._begin().execute_query(query))
        self.assertEqual(*found)
        self.assertGreater(len(found[0][0]), 40)

    def test_who_sells_meanwhile_is_right(self):
        """Counted together without a lock: what is sold between counting and storing stays."""
        env = self._mark_all()

        def sell():
            other = self._begin()
            self._confirm_order(other)
            other.cr.commit()
            self.assertEqual(self._stored()[:2], (4000.0, 0), "stored by who sold")

        with self._together(sell):
            env["customer.figure.pending"]._cron_refresh()
        self.assertEqual(self._stored()[:2], (4000.0, 0))

    def test_who_sells_meanwhile_and_is_killed_is_left_marked(self):
        env = self._mark_all()

        def sell():
            other = self._begin()
            self._confirm_order(other)
            with patch.object(CustomerFigurePending, "_refresh_committed"):
                other.cr.commit()

        with self._together(sell):
            env["customer.figure.pending"]._cron_refresh()
        balance, pending, _write_date = self._stored()
        self.assertEqual((balance, pending > 0), (2000.0, True), "what was counted, and the mark of the sale")
        self.assertEqual(self._card(self._begin()), 4000.0)
        self._begin()["customer.figure.pending"]._cron_refresh()
        self.assertEqual(self._stored()[:2], (4000.0, 0))

    def test_stopped_half_way_it_goes_on(self):
        env = self._mark_all()
        pending = env["customer.figure.pending"]
        total = len(pending._pending_ids())
        with self._together(), patch.object(customer_figure_recompute, "AT_ONCE", 1):
            steps = pending._refresh_pending(pending._pending_ids())
            next(steps)
            next(steps)
            steps.close()  # the process ends
        left = len(self._begin()["customer.figure.pending"]._pending_ids())
        self.assertIn(left, (total - 1, total - 2))
        with self._together():
            self._begin()["customer.figure.pending"]._cron_refresh()
        self.assertEqual(self._stored()[:2], (2000.0, 0))

    def test_most_have_other_figures(self):
        """Their indexes are dropped until they are stored, also if that is stopped half-way."""
        env = self._mark_all()
        env.cr.execute(
            "UPDATE res_partner SET receivable_balance = jsonb_build_object(%s::text, 7)"
            " WHERE commercial_partner_id = id",
            [env.company.id],
        )
        self.index_names = env["customer.figure.pending"]._indexes().keys()
        indexes = len(self.index_names)
        env.cr.commit()
        self.assertEqual(self._count_indexes(), indexes)
        with self._together(), patch.object(customer_figure_recompute, "AT_ONCE", 1):
            pending = self._begin()["customer.figure.pending"]
            steps = pending._refresh_pending(pending._pending_ids())
            pending.env.cr.commit()
            next(steps)
            next(steps)
            self.assertEqual(self._count_indexes(), 0)
            steps.close()
        self.assertEqual(self._count_indexes(), indexes)
        with self._together():
            env = self._begin()
            env["customer.figure.pending"]._cron_refresh()
        self.assertEqual(self._stored()[:2], (2000.0, 0))
        self.assertEqual(self._count_indexes(), indexes)

    def _count_indexes(self):
        cr = self._begin().cr
        cr.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'res_partner'")
        count = len({name for [name] in cr.fetchall()} & self.index_names)
        cr.close()
        return count

    def test_a_row_that_somebody_holds_keeps_nobody_back(self):
        env = self._begin()
        other = env["res.partner"].create({"name": "Otro cliente de prueba", "customer_rank": 1})
        env.cr.commit()
        self.addCleanup(self._remove_other, other.id)
        env.cr.execute(WRONG, [env.company.id, other.id])
        env.cr.commit()
        holder = self._begin()
        holder.cr.execute("UPDATE res_partner SET comment = 'x' WHERE id = %s", [other.id])
        env = self._mark_all()
        module = CustomerFigurePending.__module__
        with patch(f"{module}.BEGIN_SHORTLY", BEGIN_SHORTLY.replace("2s", "50ms")), self.assertLogs(module, "WARNING"):
            env["customer.figure.pending"]._cron_refresh()
        self.assertEqual(self._stored()[:2], (2000.0, 0))
        self.assertEqual(self._begin()["customer.figure.pending"]._pending_ids(), [other.id])
        holder.cr.rollback()

    def _remove_other(self, customer_id):
        env = self._begin()
        env["res.partner"].browse(customer_id).unlink()
        env.cr.commit()
        env["customer.figure.pending"]._cron_refresh()

    def test_a_great_many_are_left_to_the_job(self):
        env = self._begin()
        env["customer.figure.pending"]._mark(env["res.partner"].browse(self.customer_id))
        before = env["ir.cron.trigger"].search_count([])
        with patch(f"{CustomerFigurePending.__module__}.AT_ONCE", 0):
            env.cr.commit()
        self.assertEqual(self._stored()[0], 7.0)
        env = self._begin()
        self.assertEqual(env["ir.cron.trigger"].search_count([]), before + 1)
        env["customer.figure.pending"]._cron_refresh()
        self.assertEqual(self._stored()[:2], (2000.0, 0))

    def test_the_command(self):
        def run():
            command = [sys.executable, "-m", "odoo", "customer_figures", "-d", self.env.cr.dbname]
            done = subprocess.run(
                [*command, "-c", config["config"]] if config["config"] else command,
                capture_output=True,
                text=True,
                env=os.environ,
                check=False,
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stderr

        count = self.env["res.partner"].with_context(active_test=False).search_count([("parent_id", "=", False)])
        self.assertRegex(run(), rf"of {count} customers, 1 had other figures")
        self.assertEqual(self._stored()[:2], (2000.0, 0))
        self.assertRegex(run(), rf"{count} of {count} customers, 0 had other figures")


@tagged("post_install", "-at_install")
class TestRecomputeMethods(CustomerCommon):
    """What users and integrations call."""

    def test_customers(self):
        self._create_order(quantity=1)
        self._store_figures()
        self.env.cr.execute(WRONG, [self.company.id, self.customer.id])
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.receivable_balance, 7.0)
        salesman = self._create_user("figures_salesman", "sales_team.group_sale_salesman")
        action = self.customer.with_user(salesman).action_recompute_figures()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(self.customer.receivable_balance, 1160.0)
        self._store_figures()
        self.assertEqual(self.customer.receivable_balance, 1160.0)

    def test_all(self):
        manager = self._create_user("figures_manager", "l10n_mx_customer.group_customer_manager")
        partners = self.env["res.partner"].with_user(manager)
        triggers = self.env["ir.cron.trigger"].search_count([])
        count = partners.recompute_all_figures()
        self.assertEqual(partners.count_pending_figures(), count)
        self.assertEqual(self.env["ir.cron.trigger"].search_count([]), triggers + 1)
        self._store_figures()
        self.assertEqual(partners.count_pending_figures(), 0)

    def test_all_takes_an_administrator(self):
        salesman = self._create_user("figures_salesman", "sales_team.group_sale_salesman")
        with self.assertRaisesRegex(AccessError, "Administrator"):
            self.env["res.partner"].with_user(salesman).recompute_all_figures()
        with self.assertRaisesRegex(AccessError, "Administrator"):
            self.env["res.partner"].with_user(salesman).count_pending_figures()
