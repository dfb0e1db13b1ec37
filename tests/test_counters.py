from contextlib import contextmanager
from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tools import SQL

from ..models.mail_activity import SOURCES
from .common import CustomerCommon

DAY = timedelta(days=1)
PIXEL = "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="


class CountersCommon(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.env["res.partner"].create({"name": "Compras", "parent_id": cls.customer.id})
        cls.other = cls._create_customer(name="Otro Cliente", vat="XIA190128J61")
        cls._store_figures()

    def assert_figures(self, partner, **expected):
        """What is read: what was read before must not stay, then from the documents, then as stored."""
        self.env.flush_all()
        self.assertEqual({name: partner[name] for name in expected}, expected, "kept from before")
        partner.invalidate_recordset()
        self.assertEqual({name: partner[name] for name in expected}, expected, "read from the documents")
        self._store_figures()
        partner.invalidate_recordset()
        self.assertEqual({name: partner[name] for name in expected}, expected, "as stored")

    @contextmanager
    def assert_costs_nothing(self):
        """Documents of nobody mark no figures, and cost no query of ours."""
        self._store_figures()
        found = []
        execute = Cursor.execute

        def remember(cursor, query, params=None, **kwargs):
            # what says whose a document is, and what marks
            code = query.code if isinstance(query, SQL) else str(query)
            if any(word in code for word in ("customer_figure_pending", "document_partner_id")):
                found.append(code)
            return execute(cursor, query, params, **kwargs)

        with patch.object(Cursor, "execute", remember):
            yield
            self.env.flush_all()
        # Our column is read and written with the others of the activity's row, at no cost.
        row = tuple(f'{word} "mail_activity"' for word in ("INSERT INTO", "UPDATE", "SELECT"))
        own = [code for code in found if not code.startswith(row)]
        self.assertFalse(own)
        self.assertFalse(self.env["customer.figure.pending"].sudo().search([]))

    def _merge(self, source, destination):
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((source | destination).ids, destination, extra_checks=False)


@tagged("post_install", "-at_install")
class TestFileCounters(CountersCommon):
    def _create_file(self, partner=None, **values):
        return self.env["ir.attachment"].create(
            {
                "name": "constancia.txt",
                "raw": b"texto",
                "res_model": "res.partner",
                "res_id": (partner or self.customer).id,
                **values,
            }
        )

    def _counts(self, total, pending=0, valid=0, rejected=0):
        return {
            "file_count": total,
            "file_pending_count": pending,
            "file_valid_count": valid,
            "file_rejected_count": rejected,
        }

    def test_review(self):
        self.assert_figures(self.customer, **self._counts(0))
        files = self._create_file() + self._create_file() + self._create_file(self.contact)
        self.assert_figures(self.customer, **self._counts(3, pending=3))
        self.assert_figures(self.contact, **self._counts(3, pending=3))
        reviewed = files.with_user(self.env.ref("base.user_admin"))
        reviewed[0].action_customer_file_approve()
        reviewed[1].action_customer_file_reject("No se lee")
        self.assert_figures(self.customer, **self._counts(3, pending=1, valid=1, rejected=1))
        files[1].raw = b"otro"
        self.assert_figures(self.customer, **self._counts(3, pending=2, valid=1))
        files[0].unlink()
        self.assert_figures(self.customer, **self._counts(2, pending=2))

    def test_the_list_shows_what_is_counted(self):
        files = self._create_file() + self._create_file(self.contact)
        self.contact.active = False
        self._create_file(self.other)
        domain = self.customer.action_customer_files()["domain"]
        self.assertEqual(self.env["ir.attachment"].search(domain), files.sorted(reverse=True))
        self.assert_figures(self.customer, **self._counts(2, pending=2))

    def test_given_to_another_document(self):
        file = self._create_file()
        file.res_id = self.other
        self.assert_figures(self.customer, **self._counts(0))
        self.assert_figures(self.other, **self._counts(1, pending=1))
        file.write({"res_model": "sale.order", "res_id": self._create_order().id})
        self.assert_figures(self.other, **self._counts(0))
        file.write({"res_model": "res.partner", "res_id": self.contact.id})
        self.assert_figures(self.customer, **self._counts(1, pending=1))

    def test_a_file_of_the_chatter(self):
        self.customer.message_post(body="Va", attachments=[("a.txt", b"a")])
        self.assert_figures(self.customer, **self._counts(1, pending=1))

    def test_a_picture_is_no_file(self):
        self.customer.image_1920 = PIXEL
        self.assertTrue(self.customer.image_128)
        self.assert_figures(self.customer, **self._counts(0))

    def test_a_contact_moves_is_deleted_and_customers_are_merged(self):
        self._create_file(self.contact)
        self._create_file()
        self.contact.parent_id = self.other
        self.assert_figures(self.customer, **self._counts(1, pending=1))
        self.assert_figures(self.other, **self._counts(1, pending=1))
        self._merge(self.customer, self.other)
        self.assert_figures(self.other, **self._counts(2, pending=2))
        self.contact.unlink()
        self.assert_figures(self.other, **self._counts(1, pending=1))

    def test_an_ordinary_attachment_pays_nothing(self):
        order = self._create_order(confirm=False)
        with self.assert_costs_nothing():
            file = self._create_file(res_model="sale.order", res_id=order.id)
            file.name = "otro.txt"
            file.write({"res_model": "crm.lead", "res_id": self.env["crm.lead"].create({"name": "Trato"}).id})
            file.unlink()


@tagged("post_install", "-at_install")
class TestLogCounters(CountersCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.users"].browse(cls.env.uid).group_ids += cls.env.ref(
            "l10n_mx_customer.group_customer_manager"
        ).sudo()

    def _create_entry(self, **values):
        return self.env["customer.log"].create({"partner_id": self.customer.id, "summary": "Llamada", **values})

    def test_dates(self):
        self.assert_figures(self.customer, last_log_date=False, next_log_date=False)
        early, late = map(fields.Datetime.to_datetime, ("2026-01-05 18:00:00", "2026-01-09 18:00:00"))
        first = self._create_entry(date=late, next_date=self.today + 5 * DAY)
        second = self._create_entry(date=early, next_date=self.today)
        self._create_entry(date=early, next_date=self.today - DAY)
        self.assert_figures(self.customer, last_log_date=late, next_log_date=self.today)
        second.action_done()
        self.assert_figures(self.customer, next_log_date=self.today + 5 * DAY)
        first.next_date = self.today + 2 * DAY
        self.assert_figures(self.contact, last_log_date=late, next_log_date=self.today + 2 * DAY)
        second.action_reopen()
        self.assert_figures(self.customer, next_log_date=self.today)
        second.unlink()
        first.unlink()
        self.assert_figures(self.customer, last_log_date=early, next_log_date=False)

    def test_a_follow_up_of_yesterday_is_not_the_next(self):
        with freeze_time("2026-03-10 18:00:00"):
            self._new_day()
            self._create_entry(next_date="2026-03-10")
            self._create_entry(next_date="2026-03-20")
            self.assert_figures(self.customer, next_log_date=date(2026, 3, 10))
        with freeze_time("2026-03-11 05:30:00"):  # 23:30 of the 10th in Mexico City
            self._new_day()
            self.assert_figures(self.customer, next_log_date=date(2026, 3, 10))
        with freeze_time("2026-03-11 06:30:00"):
            self._new_day()
            self.assert_figures(self.customer, next_log_date=date(2026, 3, 20))

    def test_each_company_has_its_own(self):
        self._create_entry(next_date=self.today)
        second = self.customer.with_company(self.company_2)
        self.assert_figures(second, last_log_date=False, next_log_date=False)
        self.env = self.env(context={"allowed_company_ids": (self.company | self.company_2).ids})
        entry = self._create_entry(company_id=self.company_2.id, date="2026-01-05 18:00:00")
        self.assert_figures(second, last_log_date=entry.date, next_log_date=False)
        entry.company_id = self.company
        self.assert_figures(second, last_log_date=False)

    def test_another_customer_and_a_merge(self):
        entry = self._create_entry(next_date=self.today)
        entry.partner_id = self.other
        self.assert_figures(self.customer, last_log_date=False, next_log_date=False)
        self.assert_figures(self.other, last_log_date=entry.date, next_log_date=self.today)
        self._merge(self.other, self.customer)
        self.assert_figures(self.customer, last_log_date=entry.date, next_log_date=self.today)


@tagged("post_install", "-at_install")
class TestEventCounters(CountersCommon):
    def _create_event(self, *partners, days=1, **values):
        start = fields.Datetime.now() + days * DAY
        return self.env["calendar.event"].create(
            {
                "name": "Visita",
                "start": start,
                "stop": start + timedelta(hours=1),
                "partner_ids": [Command.set([partner.id for partner in partners or [self.customer]])],
                **values,
            }
        )

    def _counts(self, total, planned=0, held=0, not_held=0):
        return {
            "event_count": total,
            "event_planned_count": planned,
            "event_held_count": held,
            "event_not_held_count": not_held,
        }

    def test_results(self):
        self.assert_figures(self.customer, first_event_date=False, last_event_date=False, **self._counts(0))
        past, future = self._create_event(days=-2), self._create_event(days=3)
        dates = {"first_event_date": past.start, "last_event_date": future.start}
        self.assert_figures(self.customer, **self._counts(2, planned=1), **dates)
        past.action_customer_held()
        self.assert_figures(self.customer, **self._counts(2, planned=1, held=1), **dates)
        future.action_customer_not_held()
        self.assert_figures(self.customer, **self._counts(2, held=1, not_held=1), **dates)
        (past | future).action_customer_no_result()
        self.assert_figures(self.customer, **self._counts(2, planned=1), **dates)
        future.active = False
        self.assert_figures(self.customer, last_event_date=past.start, **self._counts(1))
        past.unlink()
        self.assert_figures(self.customer, first_event_date=False, last_event_date=False, **self._counts(0))

    def test_what_is_to_come_was_not_held(self):
        event = self._create_event(days=1)
        self.assertTrue(event.with_customer)
        self.assertFalse(event.has_begun)
        with self.assertRaisesRegex(ValidationError, "has begun is expected"):
            event.action_customer_held()

    def test_put_off_is_planned_again(self):
        event = self._create_event(days=-1)
        event.action_customer_not_held()
        self.assert_figures(self.customer, **self._counts(1, not_held=1))
        start = fields.Datetime.now() + 2 * DAY
        event.write({"start": start, "stop": start + timedelta(hours=1)})
        self.assert_figures(self.customer, last_event_date=event.start, **self._counts(1, planned=1))
        self.assertFalse(event.customer_result)

    def test_contacts_count_once(self):
        event = self._create_event(self.customer, self.contact, self.other, self.env.user.partner_id)
        self.assert_figures(self.customer, **self._counts(1, planned=1))
        self.assert_figures(self.other, **self._counts(1, planned=1))
        self.contact.active = False
        event.partner_ids -= self.customer
        self.assert_figures(self.customer, **self._counts(1, planned=1))
        event.write({"start": event.start - 5 * DAY, "stop": event.stop - 5 * DAY})
        self.assert_figures(self.customer, first_event_date=event.start, **self._counts(1))
        event.with_context(active_test=False).partner_ids -= self.contact
        self.assert_figures(self.customer, **self._counts(0))
        self.assert_figures(self.other, **self._counts(1))

    def test_the_list_shows_what_is_counted(self):
        event = self._create_event(self.contact, self.env.user.partner_id)
        self._create_event(self.other)
        self.contact.active = False
        domain = self.customer.action_customer_events()["domain"]
        self.assertEqual(self.env["calendar.event"].search(domain), event)
        self.assert_figures(self.customer, **self._counts(1, planned=1))

    def test_meetings_of_our_own_people(self):
        ours = self.env.user.partner_id
        with self.assert_costs_nothing():
            event = self._create_event(ours)
            event.name = "Junta"
            event.start -= DAY
        self.assertFalse(event.with_customer)
        self.assert_figures(ours, **self._counts(0))
        # A contact becomes a user of ours, and stops being one.
        self._create_event(self.contact)
        self.assert_figures(self.customer, **self._counts(1, planned=1))
        user = self._create_user("vendedora", "base.group_user", partner_id=self.contact.id)
        self.assert_figures(self.customer, **self._counts(0))
        user.active = False
        self.assert_figures(self.customer, **self._counts(1, planned=1))

    def test_an_event_ends(self):
        with freeze_time("2026-03-10 18:00:00"):
            self._new_day()
            self._create_event(days=1)
            self._create_event(allday=True, start="2026-03-11", stop="2026-03-11")
            self._create_event(days=9)
            self.assert_figures(self.customer, **self._counts(3, planned=3))
        with freeze_time("2026-03-12 05:30:00"):  # 23:30 of the 11th in Mexico City
            self._new_day()
            self.assert_figures(self.customer, **self._counts(3, planned=2))
        with freeze_time("2026-03-12 06:30:00"):
            self._new_day()
            self.assert_figures(self.customer, **self._counts(3, planned=1))
        with freeze_time("2026-04-30 06:30:00"):
            self._new_day()
            self.assert_figures(self.customer, **self._counts(3))

    def test_a_series(self):
        start = fields.Datetime.now() + DAY
        event = self._create_event(
            recurrency=True, rrule_type="daily", interval=1, end_type="count", count=4, event_tz="UTC"
        )
        self.assert_figures(self.customer, first_event_date=event.start, **self._counts(4, planned=4))
        series = event.recurrence_id
        series.calendar_event_ids[2].action_customer_not_held()
        self.assert_figures(self.customer, **self._counts(4, planned=3, not_held=1))
        event.write({"recurrence_update": "all_events", "count": 2})
        self.assert_figures(self.customer, **self._counts(2, planned=2), first_event_date=start.replace(microsecond=0))

    def test_who_may_not_write_the_event(self):
        event = self._create_event(days=-1, privacy="private")
        stranger = self._create_user("otra", "base.group_user")
        with self.assertRaises(AccessError):
            event.with_user(stranger).action_customer_held()
        self.assertFalse(event.copy({"customer_result": "not_held"}).copy().customer_result, "a copy has none")

    def test_a_contact_moves_is_deleted_and_customers_are_merged(self):
        self._create_event(self.contact)
        self._create_event(self.customer, self.other)
        self.contact.parent_id = self.other
        self.assert_figures(self.customer, **self._counts(1, planned=1))
        self.assert_figures(self.other, **self._counts(2, planned=2))
        self._merge(self.customer, self.other)
        self.assert_figures(self.other, **self._counts(2, planned=2))
        self.contact.unlink()
        self.assert_figures(self.other, **self._counts(1, planned=1))


@tagged("post_install", "-at_install")
class TestActivityCounters(CountersCommon):
    def _create_activity(self, document=None, days=1, **values):
        document = document or self.customer
        return self.env["mail.activity"].create(
            {
                "res_model_id": self.env["ir.model"]._get_id(document._name),
                "res_id": document.id,
                "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
                "date_deadline": self.today + days * DAY,
                "user_id": self.env.uid,
                **values,
            }
        )

    def _counts(self, total, not_started=0, done=0):
        return {
            "activity_total_count": total,
            "activity_not_started_count": not_started,
            "activity_done_count": done,
        }

    def test_done_and_cancelled(self):
        self.assert_figures(self.customer, first_activity_date=False, last_activity_date=False, **self._counts(0))
        early, late = self._create_activity(days=-3), self._create_activity(days=4)
        self.assert_figures(
            self.customer,
            first_activity_date=self.today - 3 * DAY,
            last_activity_date=self.today + 4 * DAY,
            **self._counts(2, not_started=2),
        )
        early.action_feedback("Hecha")
        self.assertEqual(early.date_done, fields.Date.today())
        self.assert_figures(
            self.customer, first_activity_date=early.date_done, **self._counts(2, not_started=1, done=1)
        )
        late.date_deadline = self.today + 9 * DAY
        self.assert_figures(self.contact, last_activity_date=self.today + 9 * DAY)
        late.unlink()
        self.assert_figures(self.customer, last_activity_date=early.date_done, **self._counts(1, done=1))

    def test_every_document_of_the_customer(self):
        order = self._create_order(self.contact, confirm=False)
        invoice = self._create_customer_invoice(post=False)
        bill = self.env["account.move"].create({"move_type": "in_invoice", "partner_id": self.customer.id})
        lead = self.env["crm.lead"].create({"name": "Trato", "partner_id": self.customer.id})
        payment = self.env["account.payment"].create(
            {"payment_type": "inbound", "partner_type": "customer", "partner_id": self.customer.id, "amount": 5}
        )
        for number, document in enumerate([self.contact, order, invoice, lead, payment], 1):
            self._create_activity(document)
            self.assert_figures(self.customer, **self._counts(number, not_started=number))
        activity = self._create_activity(bill)
        self.assertFalse(activity.customer_id)
        self.assert_figures(self.customer, **self._counts(5, not_started=5))
        found = self.env["mail.activity"].search([("customer_id", "in", self.customer.ids)])
        self.assertEqual(
            found.mapped("res_model"), ["res.partner", "sale.order", "account.move", "crm.lead", "account.payment"]
        )
        order.unlink()
        self.assert_figures(self.customer, **self._counts(4, not_started=4))

    def test_the_document_changes_hands(self):
        order = self._create_order(confirm=False)
        lead = self.env["crm.lead"].create({"name": "Trato", "partner_id": self.customer.id})
        self._create_activity(order)
        self._create_activity(lead).action_feedback()
        self.assert_figures(self.customer, **self._counts(2, not_started=1, done=1))
        (order + self._create_order(confirm=False)).partner_id = self.other
        lead.partner_id = False
        self.env.flush_all()
        self.assert_figures(self.customer, **self._counts(0))
        self.assert_figures(self.other, **self._counts(1, not_started=1))
        lead.partner_id = self.contact
        self.env.flush_all()
        self.assert_figures(self.customer, **self._counts(1, done=1))

    def test_a_payment_to_a_supplier_is_no_document_of_a_customer(self):
        self._create_activity(self._create_customer_invoice(post=False, move_type="out_refund"))
        payment = self.env["account.payment"].create(
            {"payment_type": "inbound", "partner_type": "customer", "partner_id": self.customer.id, "amount": 5}
        )
        self._create_activity(payment)
        self.assert_figures(self.customer, **self._counts(2, not_started=2))
        payment.partner_type = "supplier"
        self.env.flush_all()
        self.assert_figures(self.customer, **self._counts(1, not_started=1))

    def test_given_to_another_document(self):
        activity = self._create_activity()
        activity.res_id = self.other.id
        self.assert_figures(self.customer, **self._counts(0))
        self.assert_figures(self.other, **self._counts(1, not_started=1))
        activity.write(
            {"res_model_id": self.env["ir.model"]._get_id("sale.order"), "res_id": self._create_order(self.contact).id}
        )
        self.assert_figures(self.customer, **self._counts(1, not_started=1))
        self.assert_figures(self.other, **self._counts(0))

    def test_a_deleted_event_takes_its_activities_along(self):
        event = self.env["calendar.event"].create({"name": "Visita", "start": "2026-01-01", "stop": "2026-01-01"})
        self._create_activity(calendar_event_id=event.id)
        self._create_activity()
        self.assert_figures(self.customer, **self._counts(2, not_started=2))
        event.unlink()
        self.assert_figures(self.customer, **self._counts(1, not_started=1))

    def test_a_contact_moves_is_deleted_and_customers_are_merged(self):
        self._create_activity(self.contact)
        self._create_activity()
        self.contact.parent_id = self.other
        self.assert_figures(self.customer, **self._counts(1, not_started=1))
        self.assert_figures(self.other, **self._counts(1, not_started=1))
        self._merge(self.customer, self.other)
        self.assert_figures(self.other, **self._counts(2, not_started=2))
        self.contact.unlink()
        self.assert_figures(self.other, **self._counts(1, not_started=1))

    def test_activities_from_before_the_addon(self):
        order = self._create_order(confirm=False)
        bill = self.env["account.move"].create({"move_type": "in_invoice", "partner_id": self.customer.id})
        activities = self._create_activity(order) + self._create_activity(self.contact) + self._create_activity(bill)
        self.env.flush_all()
        self.env.cr.execute("UPDATE mail_activity SET document_partner_id = NULL WHERE id = ANY(%s)", [activities.ids])
        for model, (path, domain) in SOURCES.items():
            if model in self.env:
                table = self.env[model]._table
                self.env.cr.execute(self.env["mail.activity"]._fill_document_partner_query(model, table, path, domain))
        activities.invalidate_recordset()
        self.assertEqual(activities[0].sudo().document_partner_id, self.customer)
        self.assertEqual(activities[1].sudo().document_partner_id, self.contact)
        self.assertFalse(activities[2].sudo().document_partner_id)

    def test_an_activity_of_something_else_pays_nothing(self):
        product = self.product.product_tmpl_id
        with self.assert_costs_nothing():
            activity = self._create_activity(product)
            activity.date_deadline = self.today
            activity.action_feedback("Hecha")


@tagged("post_install", "-at_install")
class TestPointCounters(CountersCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(su=True)
        cls.program = cls._create_program()

    @classmethod
    def _create_program(cls, **values):
        return cls.env["loyalty.program"].create(
            {
                "name": "Puntos",
                "program_type": "loyalty",
                "applies_on": "both",
                "trigger": "auto",
                "currency_id": cls.company.currency_id.id,
                "rule_ids": [Command.create({"reward_point_mode": "money", "reward_point_amount": 0.01})],
                **values,
            }
        )

    def _create_card(self, points, program=None, partner=None, **values):
        return self.env["loyalty.card"].create(
            {
                "program_id": (program or self.program).id,
                "partner_id": (partner or self.customer).id,
                "points": points,
                **values,
            }
        )

    def _points(self, issued, used=0.0):
        return {"points_issued": issued, "points_used": used, "points_balance": issued - used}

    def test_issued_and_used(self):
        self.assert_figures(self.customer, **self._points(0.0))
        card = self._create_card(100.0)
        self.assert_figures(self.customer, **self._points(100.0))
        self.env["loyalty.card.update.balance"].create(
            {"card_id": card.id, "new_balance": 70.5, "description": "Canje"}
        ).action_update_card_point()
        self.assert_figures(self.customer, **self._points(100.0, 29.5))
        self._create_card(10.25, partner=self.contact)
        self.assert_figures(self.contact, **self._points(110.25, 29.5))
        card.history_ids.used = 30.0
        card.points = 70.0
        self.assert_figures(self.customer, **self._points(110.25, 30.0))
        card.history_ids.unlink()
        self.assert_figures(self.customer, **self._points(80.25))
        card.unlink()
        self.assert_figures(self.customer, **self._points(10.25))

    def test_a_withdrawn_card(self):
        card = self._create_card(60.0)
        self.env["loyalty.history"].create({"card_id": card.id, "description": "Canje", "used": 40.0})
        self.assert_figures(self.customer, **self._points(100.0, 40.0))
        card.action_archive()
        self.assert_figures(self.customer, **self._points(40.0, 40.0))
        card.action_unarchive()
        self.assert_figures(self.customer, **self._points(100.0, 40.0))
        self.program.active = False
        self.assert_figures(self.customer, **self._points(40.0, 40.0))

    def test_other_programs_are_no_points(self):
        self._create_card(60.0, self._create_program(program_type="ewallet"))
        self._create_card(50.0, self._create_program(program_type="gift_card"))
        self.assert_figures(self.customer, **self._points(0.0))

    def test_companies(self):
        shared = self._create_program(company_id=False)
        self._create_card(5.0, shared)
        self._create_card(20.0, self._create_program(company_id=self.company.id))
        self._create_card(300.0, self._create_program(company_id=self.company_2.id))
        self.assert_figures(self.customer, **self._points(25.0))
        self.assert_figures(self.customer.with_company(self.company_2), **self._points(305.0))
        shared.company_id = self.company_2
        self.assert_figures(self.customer, **self._points(20.0))

    def test_a_sale_earns_and_its_cancelling_takes_back(self):
        self.program.company_id = self.company
        card = self._create_card(0.0)
        order = self._create_order(quantity=2, confirm=False)
        order._update_programs_and_rewards()
        order.action_confirm()
        earned = card.points
        self.assertGreater(earned, 0.0)
        self.assert_figures(self.customer, **self._points(earned))
        order.with_context(disable_cancel_warning=True).action_cancel()
        self.assert_figures(self.customer, **self._points(0.0))

    def test_another_customer_and_a_merge(self):
        card = self._create_card(10.0)
        card.partner_id = self.other
        self.assert_figures(self.customer, **self._points(0.0))
        self.assert_figures(self.other, **self._points(10.0))
        self._merge(self.other, self.customer)
        self.assert_figures(self.customer, **self._points(10.0))
        card.partner_id = self.contact
        self.assert_figures(self.customer, **self._points(10.0))
        self.contact.unlink()
        self.assert_figures(self.customer, **self._points(0.0))
