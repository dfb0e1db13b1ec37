"""The stamping wizard: what is wrong before, what is sent, the queue and its job, what became of each."""

import base64
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..cfdi import parse_xml, read_comprobante
from ..wizards import customer_stamp
from .common import RaceCase
from .pac import PacCommon
from .payments import PaymentCommon


class StampCase(PacCommon):
    def _wizard(self, moves, **context):
        return self.env["customer.stamp"].with_context(**context).create({"move_ids": moves.ids})

    def _invoices(self, count, **values):
        return self.env["account.move"].union(*(self._create_customer_invoice(**values) for _index in range(count)))

    def _wrong(self, **values):
        return self._create_customer_invoice(self._create_customer(name="Sin RFC"), **values)

    def _run_job(self):
        with self._job_transaction():
            self.env["customer.stamp.line"].sudo()._cron_stamp()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestWizard(StampCase):
    def test_in_two_calls(self):
        right, wrong = self._invoices(2), self._wrong()
        before = self.stamps()
        wizard = self._wizard(right + wrong)
        self.assertEqual(wizard.line_ids.mapped("state"), ["ready", "ready", "wrong"])
        self.assertIn("Sin RFC", wizard.line_ids[2].message)
        self.assertEqual((wizard.stage, wizard.ready_count, wizard.wrong_count), ("review", 2, 1))
        self.assertEqual(self.stamps(), before, "nothing is sent")
        self.assertFalse((right + wrong).cfdi_ids, "nothing is sealed")
        results = wizard.stamp()
        self.assertEqual([result["state"] for result in results], ["stamped", "stamped", "invalid"])
        self.assertEqual([result["uuid"] for result in results], [*right.mapped("cfdi_uuid"), False])
        self.assertEqual(set(results[0]), set(right[0].cfdi_stamp()[0]))
        self.assertIn("Sin RFC", results[2]["message"])
        self.assertEqual(self.stamps(), before + 2)
        self.assertEqual((wizard.stage, wizard.stamped_count, wizard.wrong_count), ("done", 2, 1))
        self.assertEqual(wizard.stamp(), results, "it is safe to repeat")
        self.assertEqual(self.stamps(), before + 2)

    def test_every_problem_at_once(self):
        customer = self._create_customer(name="Sin datos", cfdi_tax_regime=False, cfdi_zip=False, cfdi_use=False)
        self.product.cfdi_product_code = False
        self.certificate.scope = "general"
        self.pac.active = False
        invoice = self._create_customer_invoice(customer, days_ago=10)
        line = self._wizard(invoice).line_ids
        for text in (
            "Silla de oficina", "Tax ID", "Tax Regime", "RFC Postal Code", "CFDI Use", "has no PAC", "no certificate",
            str(invoice.invoice_date),
        ):  # fmt: skip
            with self.subTest(text):
                self.assertEqual(sum(text in problem for problem in line.message.split("\n")), 1, line.message)

    def test_what_the_rules_say_beside_what_is_missing(self):
        """A use that does not go with the régimen (CFDI40161) is told also when a product has no code."""
        invoice = self._create_customer_invoice()
        invoice.cfdi_use = "D01"  # of natural persons
        self.product.cfdi_product_code = False
        message = self._wizard(invoice).line_ids.message
        self.assertIn("SAT Product Code", message)
        self.assertIn("CFDI40161", message)
        self.assertIn("“D01”", message, "the value that was found")
        self.assertNotIn("Conceptos", message, "of what is missing the form's own words are enough")
        self.assertNotIn("@Total", message)

    def test_a_folio_that_is_taken(self):
        taken = self._create_customer_invoice()
        taken.cfdi_stamp()
        journal = taken.journal_id.copy({"name": "Otra caja", "code": "OTRA"})
        other = self._create_customer_invoice(post=False, journal_id=journal.id)
        other.name = taken.name
        other.action_post()
        line = self._wizard(other).line_ids
        self.assertEqual(line.state, "wrong")
        self.assertIn(taken.cfdi_ids.name, line.message)

    def test_checked_again_when_mended(self):
        wrong = self._wrong()
        wizard = self._wizard(wrong)
        self.assertEqual(wizard.stamp()[0]["state"], "invalid")
        wrong.partner_id.vat = "XIA190128J61"
        self.assertEqual(wizard.stamp()[0]["state"], "invalid", "what was not shown as ready is not stamped")
        self.assertEqual(wizard.check()[0]["state"], "ready")
        self.assertEqual(wizard.stamp()[0]["state"], "stamped")

    def test_what_will_be_sent(self):
        wizard = self._wizard(self._create_customer_invoice())
        comprobante = read_comprobante(base64.b64decode(wizard.line_ids.preview_xml))
        self.assertEqual((comprobante.Receptor.Rfc, str(comprobante.Total)), ("URE180429TM6", "1160.00"))
        self.assertFalse(parse_xml(base64.b64decode(wizard.line_ids.preview_xml)).get("Sello"))
        for text in ("URE180429TM6", "UNIVERSIDAD ROBOTICA", "G03", "PUE", "1,160.00", "Vista previa sin validez"):
            with self.subTest(text):
                self.assertIn(text, wizard.preview)
        self.assertNotIn("Sello digital", wizard.preview)
        (values,) = wizard.with_context(bin_size=True).web_read({"preview": {}})
        self.assertIn("data:image/", values["preview"], "as the form reads it, with the company's logo")
        self.assertNotIn("Folio fiscal", wizard.preview)
        pdf, kind = (
            self.env["ir.actions.report"]
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf("l10n_mx_customer.report_customer_stamp_line", wizard.line_ids.ids)
        )
        self.assertEqual((pdf[:4], kind), (b"%PDF", "pdf"))
        wizard.stamp()
        self.assertFalse(wizard.line_ids.preview, "its CFDI is what there is to see")

    def test_wrong_ones_have_no_preview(self):
        line = self._wizard(self._wrong()).line_ids
        self.assertFalse(line.preview)
        self.assertFalse(line.preview_xml)

    def test_drafts_and_bills_keep_nobody_back(self):
        right, draft = self._create_customer_invoice(), self._create_customer_invoice(post=False)
        bill = self._create_customer_invoice(move_type="in_invoice", post=False)
        wizard = self._wizard(right + draft + bill)
        states = {line.move_id: line.state for line in wizard.line_ids}
        self.assertEqual(states, {right: "ready", draft: "wrong", bill: "wrong"})
        self.assertEqual(sorted(result["state"] for result in wizard.stamp()), ["invalid", "invalid", "stamped"])

    def test_the_button_of_one(self):
        invoice = self._create_customer_invoice()
        action = invoice.action_cfdi_stamp()
        wizard = self.env["customer.stamp"].browse(action["res_id"])
        self.assertEqual((action["target"], wizard.move_ids), ("new", invoice))
        action = wizard.action_stamp()
        self.assertEqual((action["tag"], action["params"]["type"]), ("display_notification", "success"))
        self.assertIn(invoice.cfdi_uuid, action["params"]["message"])

    def test_the_retry_of_a_cfdi(self):
        invoice = self._create_customer_invoice()
        self.control(fault="cut_after", operation="stamp")
        self.assertEqual(invoice.cfdi_stamp()[0]["state"], "sent")
        before = self.stamps()
        action = invoice.cfdi_ids.action_retry()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual((invoice.cfdi_state, self.stamps()), ("stamped", before))

    def test_in_doubt_and_rejected(self):
        first, second = self._invoices(2)
        wizard = self._wizard(first + second)
        self.control(fault="cut_after", operation="stamp")
        states = [result["state"] for result in wizard.stamp()]
        self.assertEqual(states, ["sent", "stamped"])
        self.assertEqual((wizard.waiting_count, wizard.stage), (1, "done"))
        self.assertTrue(wizard.line_ids[0].message, "what the PAC said")
        self.assertEqual(wizard.stamp()[0]["state"], "stamped")
        third = self._create_customer_invoice()
        wizard = self._wizard(third)
        self.control(clock_offset=4 * 24 * 3600)
        self.assertEqual(wizard.stamp()[0]["state"], "rejected")
        self.control(reset=True)
        self.assertEqual(wizard.stamp()[0]["state"], "rejected", "it is looked at again first")
        self.assertEqual(wizard.check()[0]["state"], "ready")
        self.assertEqual(wizard.stamp()[0]["state"], "stamped")

    def test_what_a_job_finishes_later_shows(self):
        invoice = self._create_customer_invoice()
        wizard = self._wizard(invoice)
        self.pac.url = "http://127.0.0.1:9"
        self.assertEqual(wizard.stamp()[0]["state"], "sealed")
        self.pac.url = self.pac_url
        self.env.invalidate_all()
        invoice.cfdi_stamp()
        self.assertEqual((wizard.line_ids.state, wizard.results()[0]["uuid"]), ("stamped", invoice.cfdi_uuid))

    # Many

    def test_many(self):
        wrong = self._wrong() + self._wrong(days_ago=9)
        right = self._invoices(28)
        moves = wrong[0] + right + wrong[1]
        before = self.stamps()
        wizard = self._wizard(moves)
        self.assertEqual((wizard.count, wizard.ready_count, wizard.wrong_count), (30, 28, 2))
        results = wizard.stamp()
        self.assertEqual({result["move_id"] for result in results}, set(moves.ids))
        self.assertEqual(sum(result["state"] == "stamped" for result in results), 28)
        self.assertEqual({r["move_id"] for r in results if r["state"] == "invalid"}, set(wrong.ids))
        self.assertEqual(self.stamps(), before + 28)
        self.assertEqual(len(set(right.mapped("cfdi_uuid"))), 28)

    def test_queries_of_checking(self):
        """What thirty documents cost beside what ten do, is theirs alone."""
        counts = []
        for count in (10, 30):
            invoices = self._invoices(count)
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            self._wizard(invoices)
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - start)
        self.assertLessEqual((counts[1] - counts[0]) / 20, 3, counts)

    def test_what_takes_too_long_is_for_the_job(self):
        invoices = self._invoices(3)
        wizard = self._wizard(invoices)
        triggers = self.env["ir.cron.trigger"].sudo()
        known = triggers.search([])
        with patch.object(customer_stamp, "STAMP_SECONDS", 0):
            states = [result["state"] for result in wizard.stamp()]
        self.assertEqual(states, ["stamped", "queued", "queued"])
        self.assertEqual((wizard.stage, wizard.queued_count), ("stamping", 2))
        self.assertAlmostEqual(wizard.progress, 100 / 3)
        self.assertIn(self.env.ref("l10n_mx_customer.ir_cron_cfdi_stamping"), (triggers.search([]) - known).cron_id)
        self._run_job()
        self.assertEqual((wizard.stage, wizard.stamped_count, wizard.progress), ("done", 3, 100))
        self.assertEqual(invoices.mapped("cfdi_state"), ["stamped"] * 3)
        self.assertEqual(invoices.cfdi_ids.mapped("create_uid"), self.env.user, "who asked for it")

    def test_advance(self):
        wizard = self._wizard(self._invoices(2), stamp_check_seconds=0)
        self.assertEqual((wizard.stage, wizard.to_check_count), ("checking", 2))
        answer = wizard.advance()
        self.assertEqual((answer["stage"], answer["ready"], answer["stamped"]), ("review", 2, 0))
        with patch.object(customer_stamp, "STEP_SECONDS", 0):
            wizard.action_stamp()
        self.assertEqual(wizard.queued_count, 1)
        answer = wizard.advance(0)
        self.assertEqual((answer["stage"], answer["stamped"], answer["count"]), ("done", 2, 2))

    def test_stop(self):
        invoices = self._invoices(3)
        wizard = self._wizard(invoices)
        with patch.object(customer_stamp, "STAMP_SECONDS", 0):
            wizard.stamp()
        self.assertEqual(wizard.stop(), 2)
        self._run_job()
        self.assertEqual(invoices.mapped("cfdi_state").count("stamped"), 1)
        self.assertEqual((wizard.stage, wizard.ready_count), ("review", 2))
        self.assertEqual({result["state"] for result in wizard.stamp()}, {"stamped"})

    def test_one_that_fails_unexpectedly(self):
        invoices = self._invoices(2)
        wizard = self._wizard(invoices)
        seal = type(self.env["customer.cfdi"])._seal_move

        def fail(cfdis, move):
            if move == invoices[0]:
                raise ZeroDivisionError
            return seal(cfdis, move)

        with (
            patch.object(type(self.env["customer.cfdi"]), "_seal_move", fail),
            self.assertLogs("odoo.addons.l10n_mx_customer.wizards.customer_stamp_line", "ERROR"),
        ):
            states = [result["state"] for result in wizard.stamp()]
        self.assertEqual(states, ["invalid", "stamped"])
        self.assertIn("log", wizard.line_ids[0].message)
        self.assertEqual(wizard.stage, "done")

    def test_an_invoice_and_its_credit_note(self):
        """The note relates to what is stamped just before it."""
        invoice = self._create_customer_invoice()
        note = invoice._reverse_moves([{"invoice_date": self.today}])
        note.action_post()
        wizard = self._wizard(note + invoice)
        self.assertEqual(wizard.line_ids.move_id, invoice + note)
        self.assertEqual(wizard.line_ids.mapped("state"), ["ready", "ready"])
        self.assertEqual([result["state"] for result in wizard.stamp()], ["stamped", "stamped"])
        alone = self._create_customer_invoice()
        note = alone._reverse_moves([{"invoice_date": self.today}])
        note.action_post()
        self.assertIn(alone.name, self._wizard(note).line_ids.message, "it is not stamped, and nobody asked for it")

    # Who

    def test_without_rights(self):
        invoice = self._create_customer_invoice()
        seller = self._create_user("vendedora", "sales_team.group_sale_salesman")
        with self.assertRaisesRegex(AccessError, "CFDI Issuer"):
            self.env["customer.stamp"].with_user(seller).create({"move_ids": invoice.ids})
        with self.assertRaises(AccessError):
            invoice.with_user(seller).action_cfdi_stamp()
        wizard = self._wizard(invoice)
        for method in ("stamp", "check", "advance", "stop", "results", "action_stamp", "action_check", "action_stop"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(wizard.with_user(seller), method)()

    def test_of_its_user_alone(self):
        wizard = self._wizard(self._create_customer_invoice())
        biller = self._create_user("facturista", "account.group_account_invoice")
        theirs = wizard.with_user(biller)
        for call in (theirs.stamp, theirs.results, theirs.advance, lambda: theirs.line_ids.read(["problems"])):
            with self.assertRaises(AccessError):
                call()
        self.assertFalse(theirs.search([]))
        with self.assertRaises(AccessError):
            wizard.line_ids.write({"step": "done"})
        with self.assertRaises(AccessError):
            wizard.write({"started_at": fields.Datetime.now()})

    def test_rights_that_were_lost_in_the_queue(self):
        biller = self._create_user("facturista", "account.group_account_invoice")
        invoices = self._invoices(2).with_user(biller)
        wizard = self.env["customer.stamp"].with_user(biller).create({"move_ids": invoices.ids})
        with patch.object(customer_stamp, "STAMP_SECONDS", 0):
            wizard.stamp()
        biller.sudo().group_ids = [Command.set(self.env.ref("base.group_user").ids)]
        self._run_job()
        states = sorted(line.state for line in wizard.sudo().line_ids)
        self.assertEqual(states, ["stamped", "wrong"])
        self.assertEqual(len(invoices.sudo().filtered("cfdi_uuid")), 1)

    def test_of_two_companies(self):
        other = self._second_company()
        theirs = other["invoice"]
        env = self.env(context={**self.env.context, "allowed_company_ids": (self.company + self.company_2).ids})
        ours = self._create_customer_invoice()
        wizard = env["customer.stamp"].create({"move_ids": (ours + theirs).ids})
        states = {line.move_id: line.state for line in wizard.line_ids}
        self.assertEqual(states, {ours: "ready", theirs: "wrong"}, wizard.line_ids.mapped("message"))
        message = wizard.line_ids.filtered(lambda line: line.move_id == theirs).message
        self.assertIn("has no PAC", message)
        self.assertIn("no certificate", message)
        self.assertEqual(sorted(result["state"] for result in wizard.stamp()), ["invalid", "stamped"])
        self._equip_second_company()
        self.assertEqual(sorted(result["state"] for result in wizard.check()), ["ready", "stamped"])
        self.assertEqual({result["state"] for result in wizard.stamp()}, {"stamped"})
        with self.subTest("a company that is not at hand is refused"), self.assertRaises(AccessError):
            self.env["customer.stamp"].create({"move_ids": theirs.ids})

    def _second_company(self):
        company = self.company_2
        self.env["account.chart.template"].sudo().try_loading("mx", company.sudo(), install_demo=False)
        company.sudo().partner_id.write(
            {
                "vat": "EKU9003173C9",
                "zip": "42501",
                "cfdi_legal_name": "ESCUELA KEMPER URGATE",
                "cfdi_tax_regime": "601",
                "tz": "America/Mexico_City",
            }
        )
        env = self.env(context={**self.env.context, "allowed_company_ids": company.ids})
        journal = env["account.journal"].search([("type", "=", "sale"), ("company_id", "=", company.id)], limit=1)
        journal.sudo().code = "DOS"
        invoice = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "journal_id": journal.id,
                "partner_id": self.customer.id,
                "invoice_date": self.today,
                "invoice_date_due": self.today,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create({"product_id": self.product.id, "quantity": 1, "price_unit": 500, "tax_ids": False})
                ],
            }
        )
        invoice.name = "DOS/00001"
        invoice.action_post()
        return {"invoice": invoice.with_env(self.env)}

    def _equip_second_company(self):
        pac = self.pac.sudo().copy({"company_id": self.company_2.id, "username": "simulador", "url": self.pac_url})
        pac.password = "simulador"
        self.certificate.sudo().private_key_id.copy({"company_id": self.company_2.id})
        self.certificate.sudo().copy(
            {
                "company_id": self.company_2.id,
                "private_key_id": self.certificate.sudo().private_key_id.copy({"company_id": self.company_2.id}).id,
            }
        )

    # Housekeeping

    def test_old_ones_go_and_the_queue_stays(self):
        looked_at, done, queued = (self._wizard(self._invoices(2)) for _index in range(3))
        done.stamp()
        with patch.object(customer_stamp, "STAMP_SECONDS", 0):
            queued.stamp()
        old = fields.Datetime.now() - timedelta(days=40)
        wizards = looked_at + done + queued
        self.env.flush_all()
        self.env.cr.execute("UPDATE customer_stamp SET create_date = %s WHERE id = ANY(%s)", [old, (done + queued).ids])
        self.env.cr.execute(
            "UPDATE customer_stamp SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(days=2), looked_at.id],
        )
        self.env.invalidate_all()
        self.env["customer.stamp"].sudo()._gc_stamps()
        self.assertEqual(wizards.exists(), queued)


@tagged("post_install", "-at_install")
class TestClaims(RaceCase):
    def test_one_process_at_a_time(self):
        """Of a line that no test has: the lock is the line's number in a session of the database."""
        first, second = (self._env(number)["customer.stamp.line"].browse(2**30) for number in range(2))
        with first._claimed() as mine, second._claimed() as theirs:
            self.assertEqual((mine, theirs), (first, second.browse()))
            first.env.cr.commit()
            with second._claimed() as still:
                self.assertFalse(still, "it outlives the commits of whoever stamps")
        with second._claimed() as theirs:
            self.assertEqual(theirs, second)
        with self.subTest("a process that dies lets go of it"):
            first._claimed().__enter__()
            first.env.cr._cnx.close()
            with second._claimed() as theirs:
                self.assertEqual(theirs, second)


@tagged("post_install", "-at_install")
class TestWizardOfPayments(PaymentCommon):
    def test_payments(self):
        invoice = self._create_customer_invoice(amount=1000)
        invoice.cfdi_stamp()
        entry = self.pay(invoice)
        unneeded = self.pay(self._create_customer_invoice())
        sequence = self.company.sudo()._get_cfdi_sequence("P")
        number = sequence.number_next_actual
        wizard = self.env["customer.stamp"].create({"payment_ids": (entry + unneeded).origin_payment_id.ids})
        by_entry = {line.move_id: line for line in wizard.line_ids}
        self.assertEqual((by_entry[entry].state, by_entry[entry].total), ("ready", 1160))
        self.assertEqual(by_entry[unneeded].state, "wrong")
        self.assertIn("needs no receipt", by_entry[unneeded].message)
        self.assertIn(invoice.cfdi_uuid, by_entry[entry].preview)
        self.assertEqual(sequence.number_next_actual, number, "no folio is taken by looking")
        results = {result["move_id"]: result["state"] for result in wizard.stamp()}
        self.assertEqual(results, {entry.id: "stamped", unneeded.id: "invalid"})
        self.assertEqual(by_entry[entry].folio, entry.cfdi_ids.name)

    def test_every_problem_of_a_payment(self):
        invoice = self._create_customer_invoice(amount=1000)
        invoice.cfdi_stamp()
        entry = self.pay(invoice)
        entry.origin_payment_id.cfdi_payment_form = False
        self.customer.cfdi_tax_regime = False
        self.certificate.scope = "general"
        message = self.env["customer.stamp"].create({"move_ids": entry.ids}).line_ids.message
        for text in ("Payment Form", "Tax Regime", "no certificate"):
            with self.subTest(text):
                self.assertIn(text, message)

    def test_of_the_customer_and_of_a_list(self):
        invoice = self._create_customer_invoice(amount=1000)
        invoice.cfdi_stamp()
        entry, unstamped = self.pay(invoice), self._create_customer_invoice()
        stamps = self.env["customer.stamp"]
        for values, context in (
            ({"partner_id": self.customer.id}, {}),
            ({}, {"active_model": "res.partner", "active_ids": self.customer.ids}),
        ):
            with self.subTest(context=context):
                self.assertEqual(stamps.with_context(**context).create(values).line_ids.move_id, unstamped + entry)
        pending = self.env["customer.cfdi.pending"].search([("entry_id", "=", entry.id)])
        self.assertEqual(stamps.browse(pending.action_stamp()["res_id"]).line_ids.move_id, entry)
        for model, records in (
            ("customer.cfdi.pending", pending),
            ("account.payment", entry.origin_payment_id),
            ("account.move", entry),
        ):
            with self.subTest(model):
                wizard = stamps.with_context(active_model=model, active_ids=records.ids).create({})
                self.assertEqual(wizard.line_ids.move_id, entry)

    def test_a_payment_without_entry(self):
        payment = self.env["account.payment"].create(
            {"partner_id": self.customer.id, "partner_type": "customer", "payment_type": "inbound", "amount": 10}
        )
        self.assertFalse(payment.move_id)
        invoice = self._create_customer_invoice()
        wizard = self.env["customer.stamp"].create({"payment_ids": payment.ids, "move_ids": invoice.ids})
        self.assertEqual(wizard.line_ids.mapped("state"), ["ready", "wrong"])
        self.assertIn("journal entry", wizard.line_ids[1].message)
        self.assertEqual([result["state"] for result in wizard.stamp()], ["stamped", "invalid"])
