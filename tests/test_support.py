from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .test_policies import PolicyCommon


@tagged("post_install", "-at_install")
class TestSupport(PolicyCommon):
    """The cases of a customer, on its card and for who serves them."""

    def test_cases_of_the_family(self):
        contact = self.env["res.partner"].create({"name": "Mostrador", "parent_id": self.customer.id})
        open_case, contact_case = self._create_case(), self._create_case(contact, case_kind="complaint")
        closed = self._create_case(closed=True)
        stranger = self._create_case(self._create_customer(name="Otro"))
        customer = self.customer.with_user(self.agent)
        self.assertEqual(customer.customer_case_ids.ids, [contact_case.id, open_case.id, closed.id])
        self.assertNotIn(stranger, customer.customer_case_ids)
        self.assertFalse(contact.with_user(self.agent).customer_case_ids)
        action = contact.with_user(self.agent).action_view_customer_cases()
        found = self.env[action["res_model"]].with_user(self.agent).search(action["domain"])
        self.assertEqual(found, open_case + contact_case + closed)

    def test_the_card_shows_the_latest(self):
        many = [self._create_case().id for _number in range(25)]
        closed = self._create_case(closed=True)
        customer = self.customer.with_user(self.agent)
        self.assertEqual(customer.customer_case_ids.ids, many[:-21:-1])
        self.env["helpdesk.ticket"].browse(many[3:]).with_user(self.agent).write({"stage_id": self.stage_done.id})
        customer.invalidate_recordset()
        shown = customer.customer_case_ids
        self.assertEqual(shown[:4].ids, [*many[2::-1], closed.id])
        self.assertEqual(len(shown), 20)

    def test_the_card_of_many_takes_one_query(self):
        others = [self._create_customer(name=f"Cliente {number}") for number in range(5)]
        for other in others:
            self._create_case(other)
        customers = self.env["res.partner"].with_user(self.agent).browse([other.id for other in others])

        def queries(partners):
            partners.invalidate_recordset()
            partners.mapped("name")
            self.env.user.has_group("base.group_user")
            before = self.cr.sql_log_count
            partners.mapped("customer_case_ids")
            return self.cr.sql_log_count - before

        queries(customers)
        self.assertLessEqual(queries(customers), queries(customers[:1]))
        self.assertEqual([len(customer.customer_case_ids) for customer in customers], [1] * 5)

    def test_new_case_of_the_customer(self):
        action = self.customer.with_user(self.agent).action_new_case()
        defaults = {name.removeprefix("default_"): value for name, value in action["context"].items()}
        self.assertEqual(defaults, {"partner_id": self.customer.id})
        case = (
            self.env[action["res_model"]]
            .with_user(self.agent)
            .create({**defaults, "name": "Devolución", "description": "x", "case_kind": "return"})
        )
        self.assertEqual(case.commercial_partner_id, self.customer)
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            self.customer.with_user(seller).action_new_case()
        self.assertEqual(self.customer.with_user(seller).action_new_policy()["res_model"], "customer.policy")
        with self.assertRaises(AccessError):
            self.customer.with_user(self.agent).action_new_policy()

    def test_closed_is_stored_and_follows(self):
        case = self._create_case()
        cases = self.env["helpdesk.ticket"].with_user(self.agent)
        self.assertIn(case, cases.search([("closed", "=", False)]))
        case.stage_id = self.stage_done
        self.assertIn(case, cases.search([("closed", "=", True)]))
        self.stage_done.closed = False
        self.assertIn(case, cases.search([("closed", "=", False)]))

    def test_counters_of_helpdesk_are_the_same_in_one_query(self):
        contact = self.env["res.partner"].create({"name": "Mostrador", "parent_id": self.customer.id})
        deeper = self.env["res.partner"].create({"name": "Caja", "parent_id": contact.id})
        for partner in (self.customer, contact, deeper):
            self._create_case(partner)
            self._create_case(partner, closed=True)
        self._create_case(contact, active=False)
        partners = (self.customer + contact + deeper + self._create_customer(name="Nadie")).with_user(self.agent)
        for partner in partners:
            cases = self.env["helpdesk.ticket"].with_user(self.agent).search([("partner_id", "child_of", partner.id)])
            expected = (len(cases), len(cases.filtered(lambda case: not case.stage_id.closed)))
            with self.subTest(partner.name):
                self.assertEqual((partner.helpdesk_ticket_count, partner.helpdesk_ticket_active_count), expected)
                self.assertEqual(partner.helpdesk_ticket_count_string, f"{expected[1]} / {expected[0]}")
        self.assertEqual(partners.mapped("helpdesk_ticket_count"), [6, 4, 2, 0])

    def test_what_others_see(self):
        """As helpdesk decides: employees see the cases that they follow, the portal those of its company."""
        case = self._create_case()
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        self.assertFalse(self.customer.with_user(seller).customer_case_ids)
        case.message_subscribe(seller.partner_id.ids)
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.with_user(seller).customer_case_ids, case)
        portal = self._create_user("portal", "base.group_portal")
        portal.partner_id.parent_id = self.customer
        self.assertEqual(case.with_user(portal).read(["name"])[0]["name"], "No enciende")
        for record, name in ((case, "duration_hours"), (case, "consumed_policy_id"), (case, "case_kind")):
            with self.subTest(name), self.assertRaises(AccessError):
                record.with_user(portal).read([name])
        for name in ("customer_case_ids", "customer_policy_ids", "helpdesk_ticket_ids"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.customer.with_user(portal).read([name])

    def test_the_salesperson_is_told_of_a_case(self):
        owner = self._create_user("owner", "sales_team.group_sale_salesman")
        self.customer.write({"user_id": owner.id, "notify_owner": True})
        case = self._create_case()
        self.env.cr.precommit.run()
        pending = self.env.cr.postcommit.data["l10n_mx_customer.owner_notices"]
        self.assertIn(case.id, pending["helpdesk.ticket", self.agent.id])
        case._send_owner_notices()
        notice = (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("model", "=", "helpdesk.ticket"),
                    ("res_id", "=", case.id),
                    ("message_type", "=", "user_notification"),
                ]
            )
        )
        self.assertEqual(notice.notified_partner_ids, owner.partner_id)
        self.assertIn("HT", notice.subject)

    def test_a_new_customer_has_no_cases_yet(self):
        with Form(self.env["res.partner"], "l10n_mx_customer.view_customer_form") as form:
            form.name = "Nuevo"
        self.assertFalse(form.record.customer_case_ids)

    def test_support_has_its_page(self):
        arch = self.env["res.partner"].get_view(self.env.ref("l10n_mx_customer.view_customer_form").id, "form")["arch"]
        pages = [part.split('"')[0] for part in arch.split('<page name="')[1:]]
        self.assertEqual(
            [name for name in pages if name in ("billing", "support", "exclusive_products")],
            ["billing", "support", "exclusive_products"],
        )


@tagged("post_install", "-at_install")
class TestSupportPortal(PolicyCommon, HttpCase):
    def test_who_closes_a_case_in_the_portal(self):
        """Its customer; not whoever else has an account and counts up the numbers."""
        self.stage_done.close_from_portal = True
        policy = self._create_policy()
        case = self._create_case()
        users = [
            new_test_user(
                self.env,
                login,
                "base.group_portal",
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
            for login in ("stranger", "owner")
        ]
        users[1].partner_id.parent_id = self.customer
        for user, status, consumed in zip(users, (403, 200), (0.0, 1000.0), strict=True):
            with self.subTest(user.login), mute_logger("odoo.http"):
                self.authenticate(user.login, user.login)
                answer = self.url_open(f"/ticket/close?ticket_id={case.id}&stage_id={self.stage_done.id}")
                self.assertEqual(answer.status_code, status)
                self.env.invalidate_all()
                self.assertEqual(policy.consumed, consumed)
        self.assertEqual(self.url_open("/ticket/close?ticket_id=x&stage_id=1").status_code, 404)
