from datetime import timedelta

import psycopg2.errors
from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CustomerCommon


class PolicyCommon(CustomerCommon):
    """A customer with support, stages to serve it, and the one who does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stages = cls.env["helpdesk.ticket.stage"].sudo()
        cls.stage_new = stages.create({"name": "Recibido", "company_id": False, "sequence": 0})
        cls.stage_done = stages.create({"name": "Resuelto", "company_id": False, "closed": True})
        cls.agent = cls._create_user("agent", "helpdesk_mgmt.group_helpdesk_user")

    @classmethod
    def _create_policy(cls, customer=None, start=-30, end=30, **values):
        return cls.env["customer.policy"].create(
            {
                "partner_id": (customer or cls.customer).id,
                "amount": 10000.0,
                "hourly_rate": 500.0,
                "date_start": cls.today + timedelta(days=start),
                "date_end": cls.today + timedelta(days=end),
                **values,
            }
        )

    @classmethod
    def _create_case(cls, customer=None, hours=2.0, closed=False, **values):
        """As helpdesk's own user makes one."""
        case = (
            cls.env["helpdesk.ticket"]
            .with_user(cls.agent)
            .with_context(allowed_company_ids=(cls.company | cls.agent.company_ids).ids)
            .create(
                {
                    "name": "No enciende",
                    "description": "Desde ayer",
                    "partner_id": (customer or cls.customer).id,
                    "duration_hours": hours,
                    "stage_id": cls.stage_new.id,
                    **values,
                }
            )
        )
        if closed:
            case.stage_id = cls.stage_done
        return case


@tagged("post_install", "-at_install")
class TestPolicies(PolicyCommon):
    def test_a_policy(self):
        contact = self.env["res.partner"].create({"name": "Soporte", "parent_id": self.customer.id})
        policy, other = self._create_policy(contact), self._create_policy()
        self.assertEqual(policy.partner_id, self.customer, "a contact's policy is its company's")
        self.assertRegex(policy.name, r"^POL/\d{4}/\d{4}$")
        self.assertNotEqual(policy.name, other.name)
        self.assertEqual(policy.currency_id, self.company.currency_id)
        self.assertEqual((policy.consumed, policy.available, policy.state), (0.0, 10000.0, "in_force"))
        given = self._create_policy(name="PÓLIZA-7")
        self.assertEqual(given.name, "PÓLIZA-7")
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self._create_policy(name="PÓLIZA-7")

    def test_states_follow_the_day_without_a_write(self):
        policy = self._create_policy(start=2, end=4)
        policies = self.env["customer.policy"]
        noon = fields.Datetime.now().replace(hour=18, minute=0)  # noon in Mexico
        expected = ["upcoming", "upcoming", "in_force", "in_force", "in_force", "expired"]
        for day, state in enumerate(expected):
            with self.subTest(day), freeze_time(noon + timedelta(days=day)):
                # frozen from the company's today, as the dates are
                offset = self.today - fields.Date.context_today(policies.with_context(tz="America/Mexico_City"))
                with freeze_time(noon + timedelta(days=day) + (offset + timedelta(days=day))):
                    policy.invalidate_recordset(["state"])
                    self.assertEqual(policy.state, state)
                    for name in ("upcoming", "in_force", "expired", "cancelled"):
                        found = policies.search([("state", "=", name), ("id", "=", policy.id)])
                        self.assertEqual(bool(found), name == state)
                        found = policies.search([("state", "not in", [name]), ("id", "=", policy.id)])
                        self.assertEqual(bool(found), name != state)
        policy.action_cancel()
        self.assertEqual(policy.state, "cancelled")
        self.assertEqual(policies.search([("state", "in", ["cancelled", "expired"])]) & policy, policy)
        self.assertFalse(policies.search([("state", "=", "upcoming")]) & policy)
        policy.action_restore()
        self.assertEqual(policy.state, "upcoming")

    def test_the_day_is_the_company_s(self):
        """23:30 of the last day in Mexico is the next day in UTC."""
        policy = self._create_policy(date_start="2026-03-01", date_end="2026-03-31")
        for moment, state in {
            "2026-04-01 05:30:00": "in_force",
            "2026-04-01 06:30:00": "expired",
            "2026-03-01 05:30:00": "upcoming",
            "2026-03-01 06:30:00": "in_force",
        }.items():
            with self.subTest(moment), freeze_time(moment):
                policy.invalidate_recordset(["state"])
                self.assertEqual(policy.state, state)
                self.assertIn(policy, policy.search([("state", "=", state)]))

    def test_wrong_values_are_refused(self):
        for values, said in (
            ({"amount": 0.0}, "Amount: “0.0”.*more than zero"),
            ({"amount": -5.0}, "Amount: “-5.0”"),
            ({"hourly_rate": -1.0}, "Hourly Rate: “-1.0”"),
            ({"start": 3, "end": 2}, "End: .* or later is expected"),
        ):
            with self.subTest(values), self.assertRaisesRegex(ValidationError, said):
                self._create_policy(**values)
        supplier = self.env["res.partner"].create({"name": "Proveedor", "supplier_rank": 1})
        with self.assertRaisesRegex(ValidationError, "“Proveedor”.*a customer is expected"):
            self._create_policy(supplier)
        self.assertTrue(self._create_policy(hourly_rate=0.0), "support without measure")

    def test_a_closed_case_consumes_the_oldest_in_force(self):
        newer = self._create_policy(start=-5, end=60)
        older = self._create_policy(start=-20, end=5)
        self._create_policy(start=-90, end=-1)  # expired
        self._create_policy(start=1, end=90)  # upcoming
        self._create_policy(start=-40).action_cancel()
        case = self._create_case(hours=3.5)
        self.assertFalse(case.consumed_policy_id, "an open case consumes nothing")
        case.stage_id = self.stage_done
        self.assertEqual(case.consumed_policy_id, older)
        self.assertEqual((older.consumed_hours, older.consumed, older.available), (3.5, 1750.0, 8250.0))
        self.assertEqual(case.policy_consumption, 1750.0)
        self.assertEqual(newer.available, 10000.0)

    def test_what_was_decided_stays(self):
        older = self._create_policy(start=-20)
        case = self._create_case(closed=True)
        self._create_policy(start=-25)
        older.write({"amount": 100.0, "date_end": self.today - timedelta(days=1)})
        case.write({"name": "Otro asunto", "duration_hours": 4.0})
        self.assertEqual(case.consumed_policy_id, older)
        self.assertEqual((older.consumed, older.available), (2000.0, -1900.0), "the hours follow")
        older.action_cancel()
        case.stage_id = self.stage_done
        self.assertEqual(case.consumed_policy_id, older)

    def test_reopening_releases(self):
        policy = self._create_policy()
        case = self._create_case(closed=True)
        self.assertEqual(policy.consumed, 1000.0)
        case.stage_id = self.stage_new
        self.assertFalse(case.consumed_policy_id)
        self.assertEqual((policy.consumed, policy.available), (0.0, 10000.0))
        older = self._create_policy(start=-29, end=3)
        oldest = self._create_policy(start=-31, end=3)
        case.stage_id = self.stage_done
        self.assertEqual(case.consumed_policy_id, oldest, "decided again")
        self.assertEqual(older.consumed, 0.0)

    def test_a_case_may_name_its_policy(self):
        older, named = self._create_policy(start=-20), self._create_policy(start=-5)
        case = self._create_case(policy_id=named.id, closed=True)
        self.assertEqual(case.consumed_policy_id, named)
        case.policy_id = older
        self.assertEqual((case.consumed_policy_id, named.consumed, older.consumed), (older, 0.0, 1000.0))
        case.policy_id = False
        self.assertEqual(case.consumed_policy_id, older, "what was consumed stays")
        expired = self._create_policy(start=-90, end=-60)
        late = self._create_case(policy_id=expired.id, closed=True)
        self.assertEqual(late.consumed_policy_id, expired, "who names a policy means it")
        waiting = self._create_case(policy_id=named.id)
        named.action_cancel()
        waiting.stage_id = self.stage_done
        self.assertEqual(waiting.consumed_policy_id, older, "a policy that was cancelled meanwhile is not consumed")

    def test_policies_that_a_case_may_not_name(self):
        foreign = self._create_policy(self._create_customer(name="Otro cliente"))
        with self.assertRaisesRegex(ValidationError, f"“{foreign.name}” is not a policy of {self.customer.name}"):
            self._create_case(policy_id=foreign.id)
        own = self._create_policy()
        case = self._create_case(policy_id=own.id)
        with self.assertRaisesRegex(ValidationError, "one of those is expected"):
            case.partner_id = foreign.partner_id
        cancelled = self._create_policy(cancelled=True)
        with self.assertRaisesRegex(ValidationError, "is cancelled"):
            self._create_case(policy_id=cancelled.id)
        with self.assertRaisesRegex(ValidationError, "“-1.0”.*zero or more hours"):
            self._create_case(hours=-1.0)

    def test_an_exhausted_policy_leaves_the_next_case_to_the_next_one(self):
        older = self._create_policy(start=-20, amount=1500.0)
        newer = self._create_policy(start=-5, amount=1500.0)
        cases = [self._create_case(hours=2.0, closed=True) for _number in range(5)]
        self.assertEqual(
            [case.consumed_policy_id for case in cases],
            # 1000 of 1500; 500 are left and the case is not split; then the newer one; then both are exhausted
            [older, older, newer, newer, older],
        )
        self.assertEqual((older.available, newer.available), (-1500.0, -500.0))

    def test_closing_many_at_once_is_the_same(self):
        older = self._create_policy(start=-20, amount=1500.0)
        newer = self._create_policy(start=-5, amount=1500.0)
        cases = self.env["helpdesk.ticket"].browse([self._create_case().id for _number in range(5)])
        cases.with_user(self.agent).write({"stage_id": self.stage_done.id})
        self.assertEqual([case.consumed_policy_id for case in cases], [older, older, newer, newer, older])

    def test_a_stage_that_becomes_closing_closes_its_cases(self):
        policy = self._create_policy()
        case = self._create_case()
        self.stage_new.closed = True
        self.assertEqual(case.consumed_policy_id, policy)
        self.stage_new.closed = False
        self.assertFalse(case.consumed_policy_id)

    def test_a_case_that_comes_closed(self):
        """An import: closed when it says, or today."""
        before = self._create_policy(start=-90, end=-60)
        policy = self._create_policy()
        imported = self._create_case(stage_id=self.stage_done.id)
        self.assertEqual(imported.consumed_policy_id, policy)
        self.assertTrue(imported.closed_date)
        old = self._create_case(stage_id=self.stage_done.id, closed_date=fields.Datetime.now() - timedelta(days=70))
        self.assertEqual(old.consumed_policy_id, before)

    def test_contacts_and_companies(self):
        policy = self._create_policy()
        contact = self.env["res.partner"].create({"name": "Almacén", "parent_id": self.customer.id})
        case = self._create_case(contact, closed=True)
        self.assertEqual(case.consumed_policy_id, policy)
        other = self._create_customer(name="Quien lo contrató", vat="XIA190128J61")
        theirs = self._create_policy(other)
        contact.parent_id = other
        self.assertEqual(case.commercial_partner_id, other)
        self.assertEqual(case.consumed_policy_id, theirs, "the cases of a contact go with it")
        self.assertEqual((policy.consumed, theirs.consumed), (0.0, 1000.0))

    def test_each_company_serves_its_own(self):
        second = self.env["customer.policy"].with_company(self.company_2)
        self.agent.company_ids += self.company_2
        policy_2 = second.create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company_2.id,
                "amount": 100.0,
                "hourly_rate": 10.0,
                "date_start": self.today - timedelta(days=300),
                "date_end": self.today,
            }
        )
        policy = self._create_policy()
        self.assertEqual(self._create_case(closed=True).consumed_policy_id, policy)
        case_2 = self._create_case(company_id=self.company_2.id, closed=True)
        self.assertEqual(case_2.consumed_policy_id, policy_2)
        self.assertNotIn(policy_2, self.env["customer.policy"].search([]))
        with self.assertRaises(AccessError):
            policy_2.with_company(self.company).with_context(allowed_company_ids=self.company.ids).read(["amount"])
        private = (
            self.env["res.partner"]
            .sudo()
            .create({"name": "De la segunda", "customer_rank": 1, "company_id": self.company_2.id})
        )
        with self.assertRaises(UserError):
            self.env["customer.policy"].sudo().create(policy.copy_data({"partner_id": private.id}))

    def test_archived_and_deleted_cases(self):
        policy = self._create_policy()
        case = self._create_case(closed=True)
        case.active = False
        policy.invalidate_recordset()
        self.assertEqual(policy.consumed, 1000.0, "the work was done")
        case.sudo().unlink()
        policy.invalidate_recordset()
        self.assertEqual(policy.consumed, 0.0)

    def test_what_cases_use_is_cancelled_and_not_deleted(self):
        consumed, named, unused = self._create_policy(), self._create_policy(start=-1), self._create_policy(start=-2)
        self._create_case(closed=True)
        self._create_case(policy_id=named.id, active=False)
        for policy in (consumed, named):
            with self.assertRaisesRegex(UserError, f"{policy.name}.*cancel it instead"):
                policy.sudo().unlink()
            with self.assertRaisesRegex(UserError, "its customer and its company stay"):
                policy.partner_id = self._create_customer(name="Otro")
        unused.partner_id = self._create_customer(name="El bueno")
        self.assertTrue(unused.sudo().unlink())
        consumed.partner_id = self.customer  # the same: nothing changes

    def test_merged_customers(self):
        twin = self._create_customer(name="Comercializadora del Bajio")
        policy = self._create_policy(twin, start=-60)
        case = self._create_case(twin, closed=True)
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo()
        wizard._merge((self.customer + twin).ids, self.customer)
        self.env.invalidate_all()
        self.assertEqual((policy.partner_id, case.commercial_partner_id), (self.customer, self.customer))
        self.assertEqual((case.consumed_policy_id, policy.consumed), (policy, 1000.0))
        self.assertEqual(self._create_case(closed=True).consumed_policy_id, policy)

    def test_a_customer_that_becomes_a_contact(self):
        """It takes its policies along: the new company's cases consume them."""
        branch = self._create_customer(name="La sucursal", is_company=False, cfdi_tax_regime="612")
        policy, case = self._create_policy(branch), self._create_case(branch, closed=True)
        branch.parent_id = self._create_customer(name="La matriz")
        self.env.flush_all()
        self.assertEqual(policy.commercial_partner_id, branch.parent_id)
        self.assertEqual((case.consumed_policy_id, policy.consumed), (policy, 1000.0))
        self.assertEqual(self._create_case(branch.parent_id, closed=True).consumed_policy_id, policy)
        self.assertEqual(branch.parent_id.customer_policy_ids, policy)

    def test_merged_into_a_contact_of_another_customer(self):
        other = self._create_customer(name="La matriz")
        contact = self.env["res.partner"].create({"name": "La sucursal", "parent_id": other.id})
        branch = self._create_customer(name="La sucursal", is_company=False, cfdi_tax_regime="612")
        policy = self._create_policy(branch)
        case = self._create_case(branch, closed=True)
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge((branch + contact).ids, contact)
        self.env.invalidate_all()
        self.assertEqual((policy.commercial_partner_id, case.commercial_partner_id), (other, other))
        self.assertEqual((case.partner_id, case.consumed_policy_id), (contact, policy))

    def test_who_does_what(self):
        policy = self._create_policy()
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        portal = self._create_user("portal", "base.group_portal")
        portal.partner_id.parent_id = self.customer
        employee = self._create_user("employee", "base.group_user")
        manager = self._create_user("manager", "l10n_mx_customer.group_customer_manager")
        rights = {
            seller: ("read", "write", "create"),
            self.agent: ("read",),
            manager: ("read", "write", "create", "unlink"),
            portal: (),
            employee: (),
        }
        for user, allowed in rights.items():
            for operation in ("read", "write", "create", "unlink"):
                with self.subTest(user.login, operation=operation):
                    self.assertEqual(policy.with_user(user).has_access(operation), operation in allowed)
        case = self._create_case(closed=True)
        for user in (portal, employee):
            case.message_subscribe(user.partner_id.ids)
            with self.subTest(user.login), self.assertRaises(AccessError):
                case.with_user(user).read(["policy_consumption"])
        # Whoever closes a case needs no rights on policies.
        self.assertEqual(case.consumed_policy_id, policy)

    def test_own_customers_only(self):
        restricted = self._create_user(
            "restricted", "sales_team.group_sale_salesman", "l10n_mx_customer.group_own_customers_only"
        )
        mine = self._create_policy(self._create_customer(name="Mío", user_id=restricted.id))
        other = self._create_policy(self._create_customer(name="Ajeno", user_id=self.env.uid))
        seen = self.env["customer.policy"].with_user(restricted).search([])
        self.assertIn(mine, seen)
        self.assertNotIn(other, seen)

    def test_form(self):
        policy = self._create_policy()
        form = Form(self.env["helpdesk.ticket"].with_user(self.agent), "helpdesk_mgmt.ticket_view_form")
        form.name, form.description, form.partner_id = "Falla", "<p>x</p>", self.customer
        form.duration_hours = 1.5
        form.policy_id = policy
        form.partner_id = self._create_customer(name="Otro")
        self.assertFalse(form.policy_id, "another customer, another policy")
        form.partner_id = self.customer
        case = form.save()
        case.stage_id = self.stage_done
        self.assertEqual(policy.consumed, 750.0)

    def test_queries_do_not_grow(self):
        self._create_policy()
        customers = [self._create_customer(name=f"Cliente {number}") for number in range(12)]
        for customer in customers:
            self._create_policy(customer)
        few = self.env["helpdesk.ticket"].browse([self._create_case(customers[0]).id for _number in range(2)])
        many = self.env["helpdesk.ticket"].browse([self._create_case(customer).id for customer in customers])

        def choose(cases):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env["customer.policy"].sudo()._choose_for_cases(cases.sudo())
            return self.cr.sql_log_count - before

        choose(few)
        self.assertLessEqual(choose(many), choose(few) + 1)
        policies = self.env["customer.policy"].search([])
        policies.mapped("name")
        before = self.cr.sql_log_count
        policies.mapped("available")
        self.assertLessEqual(self.cr.sql_log_count - before, 1)

    def test_numbers_of_hours_are_exact(self):
        policy = self._create_policy(hourly_rate=333.33)
        for _number in range(10):
            self._create_case(hours=0.1, closed=True)
        self.assertEqual(policy.consumed_hours, 1.0)
        self.assertEqual((policy.consumed, policy.available), (333.33, 9666.67))

    def test_import(self):
        result = self.env["customer.policy"].load(
            ["partner_id/.id", "amount", "hourly_rate", "date_start", "date_end"],
            [[str(self.customer.id), "1000", "100", "2026-01-01", "2026-12-31"] for _number in range(3)],
        )
        self.assertFalse(result["messages"])
        policies = self.env["customer.policy"].browse(result["ids"])
        self.assertEqual(len(set(policies.mapped("name"))), 3)
        self.assertEqual(policies.mapped("partner_id"), self.customer)
        command = Command.create(
            {"amount": 1.0, "hourly_rate": 1.0, "date_start": "2026-01-01", "date_end": "2026-01-02"}
        )
        self.customer.write({"customer_policy_ids": [command]})
        self.assertEqual(len(self.customer.customer_policy_ids), 4)
