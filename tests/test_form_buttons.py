"""Every button of the addon's views does something: its method or its action exists, and those that only open or make
something answer a salesperson."""

from lxml import etree
from odoo.exceptions import UserError
from odoo.service.model import get_public_method
from odoo.tests import tagged

from .common import CustomerCommon

MODULE = "l10n_mx_customer"
# What these do, other tests hold: they write legal documents, delete, or ask a person first.
NOT_CALLED = {"action_stamp_pending", "action_marketing_subscribe", "action_duplicate_merge"}


class ButtonsCase(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_user(
            "clerk", "sales_team.group_sale_salesman_all_leads", "account.group_account_invoice"
        )

    def _buttons(self, arch, model):
        """Yield (node, model name) of each button or link that calls the server; lists and cards in a form are of
        another model."""
        for node in arch:
            if not isinstance(node.tag, str):
                continue
            if node.tag in ("button", "a") and node.get("type") in ("object", "action"):
                yield node, model
            if node.tag == "list" and node.get("action"):
                yield node, model
            inner = model
            if node.tag == "field" and node.get("name") in self.env[model]._fields and len(node):
                inner = self.env[model]._fields[node.get("name")].comodel_name or model
            yield from self._buttons(node, inner)

    def _own_views(self):
        data = self.env["ir.model.data"].sudo().search([("module", "=", MODULE), ("model", "=", "ir.ui.view")])
        views = self.env["ir.ui.view"].sudo().browse(data.mapped("res_id")).exists()
        return views.filtered(lambda view: view.type in ("form", "list", "kanban") and view.model in self.env)


@tagged("post_install", "-at_install")
class TestButtons(ButtonsCase):
    def test_each_button_has_a_method_or_an_action(self):
        seen = set()
        for view in self._own_views().filtered(lambda view: not view.inherit_id):
            arch = etree.fromstring(view.get_combined_arch())
            for node, model in self._buttons([arch], view.model):
                kind = node.get("type") or "object"
                name = node.get("name") if node.tag != "list" else node.get("action")
                seen.add((view.name, model, name))
                with self.subTest(view=view.name, model=model, button=name):
                    self.assertTrue(name)
                    if kind == "object":
                        # as RPC finds it: public, and not reserved
                        self.assertTrue(callable(get_public_method(self.env[model], name)))
                    else:
                        action = self.env["ir.actions.actions"].browse(int(name)).exists()
                        self.assertTrue(action)
                    shown = node.get("string") or node.get("title") or node.get("icon") or "".join(node.itertext())
                    self.assertTrue(node.tag == "list" or shown.strip() or len(node), "nothing to click on")
        self.assertGreaterEqual(len([each for each in seen if each[0] == "res.partner.form.customer"]), 25)

    def test_each_button_answers_a_salesperson(self):
        """The buttons that the card shows to a clerk, one after the other, each in a savepoint of its own."""
        self._create_order()
        cart = self._create_order(confirm=False)
        self.customer.write({"default_cart_id": cart.id, "street": "Calle 5 10", "zip": "06700"})
        customer = self.customer.with_user(self.clerk)
        view = self.env.ref(f"{MODULE}.view_customer_form")
        arch = etree.fromstring(customer.get_view(view.id, "form")["arch"])
        called = set()
        for node, model in self._buttons([arch], "res.partner"):
            name = node.get("name")
            if model != "res.partner" or node.get("type") != "object" or name in NOT_CALLED | called:
                continue
            called.add(name)
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                try:
                    answer = getattr(customer, name)()
                except UserError as error:
                    # without a portal user there is no password to change, and the button says so
                    self.assertEqual(name, "action_change_store_password", error)
                    self.assertIn(customer.name, str(error))
                else:
                    self._check_answer(answer)
                savepoint.rollback()
        expected = {
            "action_new_quotation", "action_new_invoice", "action_new_payment", "action_new_opportunity",
            "action_new_credit_note", "action_new_log_entry", "action_new_activity", "action_new_event",
            "action_new_file", "action_new_message", "action_new_sale_from_cart", "action_view_customer_orders",
            "action_view_customer_invoices", "action_view_customer_opportunities", "action_view_customer_cfdi",
            "action_view_activities", "action_view_history", "action_view_changes", "action_customer_log",
            "action_customer_contacts", "action_customer_files", "action_change_store_password", "action_open_map",
            "action_set_default_billing", "action_set_default_shipping",
        }  # fmt: skip
        self.assertEqual(expected - called, set(), "a button that the clerk does not see")

    def _check_answer(self, answer):
        """An action of the web client, or True: the card is read again."""
        if answer is True:
            return
        self.assertIn(answer["type"], ("ir.actions.act_window", "ir.actions.act_url", "ir.actions.client"))
        if answer["type"] == "ir.actions.act_window":
            model = self.env[answer["res_model"]].with_user(self.clerk)
            model.check_access("read")
            if answer.get("domain"):
                domain = answer["domain"]
                model.search(domain if not isinstance(domain, str) else [], limit=1)
            if answer.get("res_id"):
                self.assertTrue(model.browse(answer["res_id"]).exists())


@tagged("post_install", "-at_install")
class TestMenus(CustomerCommon):
    def test_each_menu_opens_something(self):
        root = self.env.ref(f"{MODULE}.menu_root")
        menus = self.env["ir.ui.menu"].sudo().search([("id", "child_of", root.id)])
        for menu in menus:
            with self.subTest(menu.complete_name):
                self.assertTrue(menu.action or menu.child_id, "a menu that opens nothing")
                if menu.action and menu.action._name == "ir.actions.act_window":
                    self.assertIn(menu.action.res_model, self.env)

    def test_configuration_is_the_administrators(self):
        root = self.env.ref(f"{MODULE}.menu_root")
        configuration = self.env.ref(f"{MODULE}.menu_configuration")
        self.assertEqual(self.env.ref(f"{MODULE}.menu_customer_zones").parent_id, configuration)
        clerk = self._create_user("menu clerk", "sales_team.group_sale_salesman")
        manager = self._create_user("menu manager", f"{MODULE}.group_customer_manager")
        menus = self.env["ir.ui.menu"]
        root_ids = menus.sudo().search([("id", "child_of", root.id)])
        seen = root_ids & menus.browse(menus.with_user(clerk)._visible_menu_ids())
        self.assertIn(self.env.ref(f"{MODULE}.menu_customers"), seen)
        self.assertFalse(seen & menus.sudo().search([("id", "child_of", configuration.id)]))
        seen = root_ids & menus.browse(menus.with_user(manager)._visible_menu_ids())
        opened = [menu.action for menu in seen if menu.action and menu.action._name == "ir.actions.act_window"]
        catalogues = {"customer.zone", "customer.channel", "customer.affiliate.type", "customer.addenda"}
        catalogues |= {"customer.file.type", "customer.contact.role"}
        self.assertEqual(catalogues - {action.res_model for action in opened}, set())

    def test_menus_are_in_order(self):
        """Of two menus with one number chance decides."""
        root = self.env.ref(f"{MODULE}.menu_root")
        for menu in self.env["ir.ui.menu"].sudo().search([("id", "child_of", root.id)]):
            numbers = menu.child_id.mapped("sequence")
            self.assertEqual(len(numbers), len(set(numbers)), menu.complete_name)
