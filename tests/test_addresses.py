from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..cfdi import postal
from ..models.res_partner_address import ADDRESS_TYPES
from ..models.res_partner_address_card import ADDRESS_FIELDS, ADDRESS_PARTS
from .common import CustomerCommon

CARD = "l10n_mx_customer.view_customer_form"
ADDRESS = "l10n_mx_customer.view_customer_address_form"


class AddressCommon(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Partner = cls.env["res.partner"]
        cls.mexico = cls.env.ref("base.mx")
        cls.cdmx = cls.env.ref("base.state_mx_df")
        cls.jalisco = cls.env.ref("base.state_mx_jal")
        cls.full = {
            "billing_street_name": "Av. Álvaro Obregón",
            "billing_street_number": "121",
            "billing_street_number2": "Piso 4",
            "billing_colony": "Roma Norte",
            "billing_city": "Cuauhtémoc",
            "billing_state_id": cls.cdmx.id,
            "billing_zip": "06700",
            "billing_country_id": cls.mexico.id,
            "shipping_street_name": "Calle Morelos",
            "shipping_street_number": "55",
            "shipping_street_number2": "Bodega 2",
            "shipping_colony": "Guadalajara Centro",
            "shipping_city": "Guadalajara",
            "shipping_state_id": cls.jalisco.id,
            "shipping_zip": "44100",
            "shipping_country_id": cls.mexico.id,
        }

    @classmethod
    def _create_address(cls, customer=None, **values):
        return cls.env["res.partner"].create(
            {"name": "Bodega", "type": "delivery", "parent_id": (customer or cls.customer).id, **values}
        )

    def _read_card(self, customer, fields=ADDRESS_FIELDS):
        # As an integration reads it: nothing from the cache of whoever wrote.
        self.env.flush_all()
        self.env.invalidate_all()
        [values] = customer.read(list(fields), load=None)
        values.pop("id")
        return values


@tagged("post_install", "-at_install")
class TestDefaultAddresses(AddressCommon):
    def test_documents_use_the_defaults(self):
        fiscal = self._create_address(name="Fiscal", type="other")
        plant = self._create_address(name="Planta", type="contact")
        # Odoo by itself would take these two.
        self._create_address(type="invoice")
        self._create_address(type="delivery")
        self.customer.write({"billing_address_id": fiscal.id, "shipping_address_id": plant.id})
        buyer = self._create_address(name="Compras", type="contact")
        for partner in (self.customer, buyer):
            with self.subTest(partner.name):
                order = self._create_order(partner, confirm=False)
                self.assertEqual((order.partner_invoice_id, order.partner_shipping_id), (fiscal, plant))
                invoice = self._create_customer_invoice(partner, post=False)
                self.assertEqual(invoice.partner_shipping_id, plant)
        order = self._create_order(buyer)
        self.assertEqual(order._create_invoices().partner_id, fiscal)

    def test_the_customer_itself_may_be_the_default(self):
        self._create_address(type="invoice")
        self.customer.billing_address_id = self.customer
        self.assertEqual(self.customer.address_get(["invoice"])["invoice"], self.customer.id)

    def test_archived_default_falls_back(self):
        first = self._create_address(type="delivery", name="Primera")
        second = self._create_address(type="delivery", name="Segunda")
        self.customer.shipping_address_id = second
        self.assertEqual(self.customer.address_get(["delivery"])["delivery"], second.id)
        second.active = False
        self.assertEqual(self.customer.address_get(["delivery"])["delivery"], first.id)
        second.active = True
        self.assertEqual(self.customer.address_get(["delivery"])["delivery"], second.id)

    def test_the_address_that_an_order_names_comes_first(self):
        self._create_address(type="delivery", name="De siempre")
        branch = self._create_address(type="delivery", name="Sucursal")
        order = self._create_order(branch, confirm=False)
        self.assertEqual(order.partner_shipping_id, branch)
        # Also the address below the contact that it names.
        manager = self._create_address(type="contact", name="Gerente")
        office = self._create_address(manager, type="delivery", name="Su oficina")
        self.assertEqual(office.commercial_partner_id, self.customer)
        self.assertEqual(manager.address_get(["delivery"])["delivery"], office.id)

    def test_other_types_of_address_are_odoo_s(self):
        address = self._create_address(type="delivery")
        self.assertEqual(self.customer.address_get(["delivery", "other"])["other"], self.customer.id)
        self.assertEqual(self.customer.address_get()["contact"], self.customer.id)
        self.assertEqual(self.customer.address_get(["delivery"])["delivery"], address.id)

    def test_first_address_becomes_the_default(self):
        for kind, address_type in ADDRESS_TYPES.items():
            with self.subTest(kind):
                first = self._create_address(type=address_type)
                self._create_address(type=address_type, name="Otra")
                self.assertEqual(self.customer[f"{kind}_address_id"], first)

    def test_first_address_with_the_customer(self):
        customer = self._create_customer(
            name="Con direcciones",
            child_ids=[
                Command.create({"name": "Fiscal", "type": "invoice"}),
                Command.create({"name": "Bodega", "type": "delivery"}),
                Command.create({"name": "Otra bodega", "type": "delivery"}),
                Command.create({"name": "Compras", "type": "contact"}),
            ],
        )
        self.assertEqual(customer.billing_address_id.name, "Fiscal")
        self.assertEqual(customer.shipping_address_id.name, "Bodega")

    def test_contact_turned_into_an_address(self):
        contact = self._create_address(type="contact")
        self.assertFalse(self.customer.shipping_address_id)
        contact.type = "delivery"
        self.assertEqual(self.customer.shipping_address_id, contact)

    def test_cleared_default_is_a_choice(self):
        self._create_address(name="Primera")
        self.customer.shipping_address_id = False
        self._create_address(name="Segunda")
        self.assertFalse(self.customer.shipping_address_id)

    def test_not_a_customer_s_default(self):
        supplier = self.Partner.create({"name": "Proveedor", "is_company": True, "supplier_rank": 1})
        self._create_address(supplier)
        self.assertFalse(supplier.shipping_address_id)
        self._create_address(is_pickup_location=True)
        self._create_address(active=False)
        self._create_address(is_company=True)
        self.assertFalse(self.customer.shipping_address_id)

    def test_default_of_somebody_else(self):
        other = self._create_customer(name="Otro cliente")
        contact = self._create_address(name="Compras", type="contact")
        foreign = self._create_address(other, name="Bodega ajena")
        cases = [
            (self.customer, "billing_address_id", other),
            (self.customer, "shipping_address_id", foreign),
            (contact, "billing_address_id", contact),
            (contact, "shipping_address_id", foreign),
        ]
        for partner, field, address in cases:
            with self.subTest(f"{partner.name} {field} {address.name}"), self.assertRaises(ValidationError) as caught:
                partner[field] = address
            self.assertIn(self.Partner._card_label(field), str(caught.exception))
            self.assertIn(address.display_name, str(caught.exception))
            self.assertIn(self.customer.name, str(caught.exception))

    def test_moved_address_is_no_default_any_more(self):
        address = self._create_address()
        other = self._create_customer(name="Otro cliente", vat="XIA190128J61")
        address.parent_id = other
        self.assertFalse(self.customer.shipping_address_id)
        self.assertEqual(other.shipping_address_id, address)
        # A customer that becomes somebody's contact has no defaults of its own; its group's stay.
        self._create_address()
        person = self._create_customer(name="Persona", is_company=False)
        self._create_address(person, type="invoice")
        person.parent_id = self.customer
        self.assertFalse(person.billing_address_id)
        self.assertTrue(self.customer.shipping_address_id)

    def test_deleted_default(self):
        address = self._create_address()
        address.unlink()
        self.assertFalse(self.customer.shipping_address_id)
        self.assertEqual(self.customer.address_get(["delivery"])["delivery"], self.customer.id)

    def test_buttons(self):
        first, second = self._create_address(), self._create_address(type="other", name="Nave")
        second.action_set_default_shipping()
        self.customer.action_set_default_billing()
        self.assertEqual(
            [(p.is_default_billing, p.is_default_shipping) for p in (self.customer, first, second)],
            [(True, False), (False, False), (False, True)],
        )
        first.active = False
        with self.assertRaises(UserError) as caught:
            first.action_set_default_shipping()
        self.assertIn(first.name, str(caught.exception))

    def test_copy_has_its_own_addresses(self):
        self._create_address()
        self.customer.billing_address_id = self.customer
        copy = self.customer.copy()
        self.assertFalse(copy.billing_address_id | copy.shipping_address_id)

    def test_queries_do_not_grow_with_the_addresses(self):
        counts = []
        for size in (5, 50):
            customers = self.Partner.create(
                [{"name": f"Cliente {n}", "customer_rank": 1, "is_company": True} for n in range(size)]
            )
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.Partner.create([{"name": "B", "type": "delivery", "parent_id": c.id} for c in customers])
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertTrue(all(customer.shipping_address_id for customer in customers))
        # Odoo's own create asks once or twice for each contact; ours adds nothing for each.
        plain = []
        for size in (5, 50):
            customers = self.Partner.create([{"name": f"P {n}", "is_company": True} for n in range(size)])
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.Partner.create([{"name": "B", "type": "delivery", "parent_id": c.id} for c in customers])
            self.env.flush_all()
            plain.append(self.env.cr.sql_log_count - before)
        self.assertLess(counts[1] - counts[0], plain[1] - plain[0] + 10)


@tagged("post_install", "-at_install")
class TestCardAddresses(AddressCommon):
    def test_one_call_with_everything(self):
        customer = self._create_customer(name="Muebles del Centro", **self.full)
        self.assertEqual(self._read_card(customer), self.full)
        billing, shipping = customer.billing_address_id, customer.shipping_address_id
        self.assertEqual(customer.child_ids, billing | shipping)
        self.assertEqual((billing.type, shipping.type), ("invoice", "delivery"))
        self.assertEqual((billing.name, shipping.name), ("Muebles del Centro", "Muebles del Centro"))
        self.assertFalse((billing | shipping).filtered("is_company"))
        self.assertFalse(any((billing | shipping).mapped("customer_rank")))

    def test_printed_address_has_the_colonia(self):
        customer = self._create_customer(name="Muebles", **self.full)
        address = customer.billing_address_id._display_address(without_company=True)
        self.assertEqual(
            [line for line in address.split("\n") if line],
            ["Av. Álvaro Obregón 121 - Piso 4", "Roma Norte", "06700 Cuauhtémoc, CMX", "Mexico"],
        )

    def test_each_field_alone_makes_the_address(self):
        for field, (kind, _name) in ADDRESS_FIELDS.items():
            with self.subTest(field):
                customer = self._create_customer(name="Uno", **{field: self.full[field]})
                self.assertEqual(self._read_card(customer, [field]), {field: self.full[field]})
                self.assertEqual(customer.child_ids, customer[f"{kind}_address_id"])
                self.assertEqual(len(customer.child_ids), 1)

    def test_each_field_written_alone(self):
        customer = self._create_customer(name="Uno", **self.full)
        changed = {
            "street_name": "Eje Central",
            "street_number": "S/N",
            "street_number2": "Interior 8",
            "colony": "Doctores",
            "city": "Benito Juárez",
            "state_id": self.env.ref("base.state_mx_qro").id,
            "zip": "06720",
            "country_id": self.mexico.id,
        }
        expected = dict(self.full)
        for kind in ADDRESS_TYPES:
            for part, value in changed.items():
                with self.subTest(f"{kind}_{part}"):
                    customer.write({f"{kind}_{part}": value})
                    expected[f"{kind}_{part}"] = value
                    if part == "zip":
                        # The state said that it was another one's, the city that somebody chose stays.
                        expected[f"{kind}_state_id"] = self._read_card(customer)[f"{kind}_state_id"]
                    self.assertEqual(self._read_card(customer), expected)
        self.assertEqual(len(customer.child_ids), 2)
        self.assertEqual(customer.billing_address_id.street, "Eje Central S/N - Interior 8")

    def test_empty_values_make_no_address(self):
        customer = self._create_customer(name="Uno", **dict.fromkeys(ADDRESS_FIELDS, False))
        self.assertFalse(customer.child_ids)
        customer.write({"billing_city": "", "shipping_zip": False})
        self.assertFalse(customer.child_ids)

    def test_values_can_be_emptied(self):
        customer = self._create_customer(name="Uno", **self.full)
        customer.write({"billing_street_number2": False, "billing_colony": ""})
        self.assertEqual(customer.billing_address_id.street, "Av. Álvaro Obregón 121")
        self.assertFalse(customer.billing_colony)

    def test_existing_default_is_written(self):
        address = self._create_address(type="invoice", name="Fiscal", city="Puebla")
        self.customer.write({"billing_city": "Cholula"})
        self.assertEqual((address.city, self.customer.child_ids), ("Cholula", address))

    def test_archived_default_is_left_alone(self):
        address = self._create_address(type="invoice", name="Fiscal", city="Puebla")
        address.active = False
        self.customer.billing_city = "Cholula"
        self.assertEqual(address.city, "Puebla")
        self.assertNotEqual(self.customer.billing_address_id, address)
        self.assertEqual(self.customer.billing_city, "Cholula")

    def test_both_defaults_are_the_customer(self):
        self.customer.write(
            {
                "street_name": "Calle Uno",
                "street_number": "1",
                "street2": "Centro",
                "billing_address_id": self.customer.id,
                "shipping_address_id": self.customer.id,
            }
        )
        self.customer.write({"billing_city": "León", "shipping_colony": "Obrera"})
        self.assertEqual((self.customer.city, self.customer.street2), ("León", "Obrera"))
        self.assertEqual(self.customer.street, "Calle Uno 1")
        self.assertFalse(self.customer.child_ids)
        # Two different addresses given at once: none of them may be lost.
        self.customer.write(self.full)
        self.assertEqual(self._read_card(self.customer), self.full)
        self.assertEqual(self.customer.billing_address_id, self.customer)
        self.assertEqual(self.customer.shipping_address_id.parent_id, self.customer)

    def test_shared_address_parted_keeps_the_rest(self):
        self.customer.write({"billing_address_id": self.customer.id, "shipping_address_id": self.customer.id})
        self.customer.write({"street_name": "Calle Uno", "street2": "Centro", "city": "León"})
        self.customer.write({"billing_city": "Silao", "shipping_city": "Irapuato"})
        self.assertEqual((self.customer.billing_city, self.customer.shipping_city), ("Silao", "Irapuato"))
        self.assertEqual(self.customer.shipping_colony, "Centro")
        self.assertEqual(self.customer.shipping_street_name, "Calle Uno")

    def test_many_customers_at_once(self):
        customers = self.Partner.create(
            [
                {"name": f"Cliente {n}", "customer_rank": 1, "billing_city": f"Ciudad {n}", "shipping_zip": "44100"}
                for n in range(30)
            ]
        )
        self.assertEqual(customers.mapped("billing_city"), [f"Ciudad {n}" for n in range(30)])
        self.assertEqual(len(customers.child_ids), 60)
        customers.write({"shipping_colony": "Americana"})
        self.assertEqual(set(customers.mapped("shipping_colony")), {"Americana"})
        self.assertEqual(len(customers.child_ids), 60)

    def test_import(self):
        columns = ["name", "customer_rank", "parent_id", "type", "billing_zip", "billing_state_id", "billing_colony"]
        rows = [
            ["Importada", "1", "", "contact", "06700", "", "Roma Norte"],
            ["Otra", "1", "", "contact", "44100", "Jalisco", ""],
            ["Compras", "0", self.customer.name, "contact", "", "", ""],
        ]
        result = self.Partner.load(columns, rows)
        self.assertFalse([message for message in result["messages"] if message["type"] == "error"])
        first, second, contact = self.Partner.browse(result["ids"])
        self.assertEqual((first.billing_zip, first.billing_colony), ("06700", "Roma Norte"))
        self.assertEqual((first.billing_state_id, first.billing_city), (self.cdmx, "Cuauhtémoc"))
        self.assertEqual((second.billing_state_id, second.billing_city), (self.jalisco, "Guadalajara"))
        self.assertFalse(contact.child_ids)

    def test_search(self):
        customer = self._create_customer(name="Buscada", **self.full)
        for field, value in self.full.items():
            with self.subTest(field):
                found = self.Partner.search([(field, "=", value), ("customer_rank", ">", 0)])
                self.assertIn(customer, found)
                self.assertNotIn(self.customer, found)
                self.assertNotIn(customer, self.Partner.search([(field, "!=", value)]))
        self.assertIn(customer, self.Partner.search([("shipping_colony", "ilike", "jara cen")]))
        self.assertIn(self.customer, self.Partner.search([("billing_zip", "=", False)]))

    def test_not_on_a_contact(self):
        contact = self._create_address(type="contact", name="Compras")
        for field in ("billing_city", "shipping_state_id"):
            with self.subTest(field), self.assertRaises(UserError) as caught:
                contact.write({field: self.full[field]})
            self.assertIn(self.Partner._card_label(field), str(caught.exception))
            self.assertIn("Compras", str(caught.exception))
        self.assertFalse(contact.child_ids)

    def test_context_of_the_menu_does_not_reach_the_addresses(self):
        menu = {"default_customer_rank": 1, "default_is_company": True, "default_ref": "X-1"}
        customer = self.Partner.with_context(**menu).create({"name": "Desde el menú", "billing_city": "León"})
        address = customer.billing_address_id
        self.assertEqual((address.customer_rank, address.is_company, address.ref), (0, False, False))
        self.assertEqual(address.commercial_partner_id, customer)

    def test_company_of_the_address(self):
        customer = self._create_customer(name="De una empresa", company_id=self.company.id, billing_city="León")
        self.assertEqual(customer.billing_address_id.company_id, self.company)

    def test_country_that_enforces_cities(self):
        country = self.env.ref("base.pe").sudo()
        country.enforce_cities = True
        city = self.env["res.city"].sudo().create({"name": "Ica", "country_id": country.id})
        customer = self._create_customer(name="Peruana", billing_country_id=country.id, billing_city="ica")
        self.assertEqual(customer.billing_address_id.city_id, city)

    def test_map(self):
        customer = self._create_customer(name="Muebles", **self.full)
        self.assertEqual(
            customer.billing_address_id.map_url,
            "https://www.google.com/maps/search/?api=1&query=Av.+%C3%81lvaro+Obreg%C3%B3n+121%2C+Roma+Norte%2C+06700"
            "%2C+Cuauht%C3%A9moc%2C+Ciudad+de+M%C3%A9xico%2C+Mexico",
        )
        action = customer.billing_address_id.action_open_map()
        self.assertEqual((action["type"], action["url"]), ("ir.actions.act_url", customer.billing_address_id.map_url))
        self.assertFalse(customer.map_url)
        with self.assertRaises(UserError) as caught:
            customer.action_open_map()
        self.assertIn("Muebles", str(caught.exception))

    def test_user_who_may_only_read(self):
        reader = self._create_user("reader", "base.group_user")
        customer = self._create_customer(name="Leída", **self.full).with_user(reader)
        self.assertEqual(self._read_card(customer), self.full)
        with self.assertRaises(AccessError):
            customer.billing_city = "León"

    def test_creation_costs_nothing_without_the_fields(self):
        def queries(**values):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.Partner.create([{"name": f"C{n}", "customer_rank": 1, **values} for n in range(20)])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries()
        address = {"zip": "06700", "country_id": self.mexico.id}
        given = queries(**address, city="Cuauhtémoc", state_id=self.cdmx.id)
        self.assertLessEqual(queries(**address) - given, 3)


@tagged("post_install", "-at_install")
class TestPostalCodes(AddressCommon):
    def test_all_the_states_of_the_catalogue(self):
        states = self.Partner._mexican_states()
        self.assertEqual(sorted(states), sorted(postal.ESTADOS))
        # The same names too, but for the two that Odoo and the SAT write otherwise.
        self.assertEqual(self.env["res.country.state"].browse(states["CMX"]).name, "Ciudad de México")
        places = {"20000": "AGU", "21000": "BCN", "23000": "BCS", "24000": "CAM", "31000": "CHH", "29000": "CHP",
                  "25000": "COA", "28000": "COL", "34000": "DUR", "39000": "GRO", "36000": "GUA", "42000": "HID",
                  "44100": "JAL", "50000": "MEX", "58000": "MIC", "62000": "MOR", "63000": "NAY", "64000": "NLE",
                  "68000": "OAX", "72000": "PUE", "76000": "QUE", "77000": "ROO", "78000": "SLP", "80000": "SIN",
                  "83000": "SON", "86000": "TAB", "87000": "TAM", "90000": "TLA", "91000": "VER", "97000": "YUC",
                  "98000": "ZAC", "06000": "CMX"}  # fmt: skip
        self.assertEqual(len(set(places.values())), 32)
        for code, state in places.items():
            with self.subTest(code):
                self.assertEqual(self.Partner.postal_code_info(code)["state_id"], states[state])

    def test_info(self):
        self.assertEqual(
            self.Partner.postal_code_info(" 06700 "),
            {
                "zip": "06700",
                "state_id": self.cdmx.id,
                "state": "Ciudad de México",
                "city": "Cuauhtémoc",
                "country_id": self.mexico.id,
                "colonies": ["Roma Norte"],
            },
        )
        self.assertGreater(len(self.Partner.postal_code_info("77500")["colonies"]), 10)
        for code in ("00000", "6700", "ABCDE", "", False, "06700-1"):
            with self.subTest(code), self.assertRaises(UserError) as caught:
                self.Partner.postal_code_info(code)
            self.assertIn(code or "—", str(caught.exception))
            self.assertIn("06000", str(caught.exception))

    def test_suggestions(self):
        suggest = self.Partner.colony_suggestions
        self.assertEqual(suggest("06700"), ["Roma Norte"])
        self.assertEqual(suggest("06700", self.mexico.id), ["Roma Norte"])
        self.assertEqual(suggest("06700", self.env.ref("base.us").id), [])
        for code in ("00000", "", False, "x"):
            self.assertEqual(suggest(code), [])

    def test_created_with_only_a_postal_code(self):
        address = {"zip": "06700"}
        for values in (
            {"country_id": self.mexico.id, "customer_rank": 1},
            {"customer_rank": 1},
            {"customer_rank": 1, "country_id": False},
            {"parent_id": self.customer.id, "type": "delivery"},
        ):
            with self.subTest(values):
                partner = self.Partner.create({"name": "Cliente", **address, **values})
                self.assertEqual(
                    (partner.country_id, partner.state_id, partner.city), (self.mexico, self.cdmx, "Cuauhtémoc")
                )
        partner = self._create_customer(name="Cliente", billing_zip="06700")
        self.assertEqual((partner.billing_state_id, partner.billing_city), (self.cdmx, "Cuauhtémoc"))

    def test_what_was_given_stays(self):
        customer = self._create_customer(name="Cliente", zip="06700", state_id=self.jalisco.id, city="DF")
        self.assertEqual((customer.state_id, customer.city), (self.jalisco, "DF"))
        customer = self._create_customer(name="Cliente", zip="06700", city=False)
        self.assertEqual((customer.state_id, customer.city), (self.cdmx, False))
        self.assertIn("Jalisco", self._create_customer(name="C", zip="06700", state_id=self.jalisco.id).zip_warning)

    def test_nobody_else_is_filled_in(self):
        usa = self.env.ref("base.us")
        cases = {
            "foreign": {"customer_rank": 1, "country_id": usa.id, "zip": "10001"},
            "supplier": {"supplier_rank": 1, "country_id": self.mexico.id, "zip": "06700"},
            "no such code": {"customer_rank": 1, "country_id": self.mexico.id, "zip": "00001"},
        }
        for name, values in cases.items():
            with self.subTest(name):
                partner = self.Partner.create({"name": name, **values})
                self.assertFalse(partner.state_id)
                self.assertFalse(partner.city)
        self.company_2.sudo().country_id = usa
        elsewhere = self.Partner.with_company(self.company_2).create(
            {"name": "Cliente", "customer_rank": 1, "zip": "10001"}
        )
        self.assertFalse(elsewhere.country_id)
        foreign = self._create_customer(
            name="Acme", country_id=usa.id, vat=False, cfdi_tax_regime="616", cfdi_use="S01"
        )
        self.assertFalse(self._create_address(foreign, zip="06700").state_id)

    def test_written_over_rpc(self):
        customer = self._create_customer(name="Cliente", zip="06700")
        customer.write({"zip": "44100"})
        self.assertEqual((customer.state_id, customer.city), (self.jalisco, "Guadalajara"))
        customer.city = "Zapopan"
        customer.write({"zip": "20000"})
        self.assertEqual((customer.state_id.code, customer.city), ("AGU", "Zapopan"))
        customer.write({"zip": "06700", "state_id": self.jalisco.id})
        self.assertEqual(customer.state_id, self.jalisco)
        # No municipality in the catalogue: the former one's goes only when the state is another.
        other = self._create_customer(name="Cliente", zip="06700")
        other.write({"zip": "42501"})
        self.assertEqual((other.state_id.code, other.city), ("HID", False))

    def test_written_together(self):
        one = self._create_customer(name="Uno", zip="06700")
        two = self._create_customer(name="Dos", zip="06700", city="Roma")
        (one | two).write({"zip": "44100"})
        self.assertEqual([(p.state_id, p.city) for p in (one, two)],
                         [(self.jalisco, "Guadalajara"), (self.jalisco, "Roma")])  # fmt: skip

    def test_form(self):
        with Form(self.Partner.with_context(default_customer_rank=1), CARD) as form:
            form.name = "Tecleada"
            form.zip = "06700"
            self.assertEqual((form.country_id, form.state_id, form.city), (self.mexico, self.cdmx, "Cuauhtémoc"))
            # A typing error: the second code replaces what the first filled in, although nothing was saved.
            form.zip = "44100"
            self.assertEqual((form.state_id, form.city), (self.jalisco, "Guadalajara"))
            form.city = "Zapopan"
            form.zip = "20000"
            self.assertEqual((form.state_id.code, form.city), ("AGU", "Zapopan"))
            form.billing_zip = "97000"
            self.assertEqual((form.billing_state_id.code, form.billing_city), ("YUC", "Mérida"))
            form.billing_zip = "44100"
            self.assertEqual(form.billing_city, "Guadalajara")
            form.shipping_zip = "64000"
            self.assertEqual((form.shipping_state_id.code, form.shipping_city), ("NLE", "Monterrey"))
        customer = form.record
        self.assertEqual((customer.billing_city, customer.shipping_city), ("Guadalajara", "Monterrey"))
        self.assertEqual(len(customer.child_ids), 2)
        with Form(customer, CARD) as form:
            form.billing_zip = "06700"
            self.assertEqual(form.billing_city, "Cuauhtémoc")
        self.assertEqual((customer.billing_city, customer.shipping_city), ("Cuauhtémoc", "Monterrey"))
        self.assertEqual(len(customer.child_ids), 2)

    def test_address_form(self):
        with Form(self.customer, CARD) as card, card.address_ids.new() as address:
            address.name = "Bodega"
            address.zip = "44100"
            self.assertEqual((address.state_id, address.city), (self.jalisco, "Guadalajara"))
        self.assertEqual(self.customer.shipping_address_id.city, "Guadalajara")
        with Form(self.customer.shipping_address_id, ADDRESS) as address:
            address.zip = "06700"
            self.assertEqual(address.city, "Cuauhtémoc")

    def test_odoo_s_own_form(self):
        with Form(self.Partner, "base.view_partner_form") as form:
            form.name = "Proveedor"
            form.zip = "06700"
            self.assertEqual((form.state_id, form.city), (self.cdmx, "Cuauhtémoc"))
            form.zip = "44100"
            self.assertEqual((form.state_id, form.city), (self.jalisco, "Guadalajara"))

    def test_warnings_of_the_form(self):
        def warning(**values):
            record = self.Partner.new({"name": "X", "country_id": self.mexico.id, **values})
            result = record._onchange_zip_place()
            return result and result["warning"]["message"]

        self.assertFalse(warning(zip="06700"))
        self.assertIn("06700", warning(zip="06700", state_id=self.jalisco.id))
        self.assertIn("Ciudad de México", warning(zip="06700", state_id=self.jalisco.id))
        self.assertIn("00001", warning(zip="00001"))
        self.assertFalse(warning(zip="10001", country_id=self.env.ref("base.us").id))

    def test_zip_warning(self):
        self.customer.write({"zip": "06700", "state_id": self.jalisco.id})
        self.assertIn("Ciudad de México", self.customer.zip_warning)
        self.customer.state_id = self.cdmx
        self.assertFalse(self.customer.zip_warning)
        self.customer.zip = "00001"
        self.assertIn("00001", self.customer.zip_warning)
        self.customer.country_id = self.env.ref("base.us")
        self.assertFalse(self.customer.zip_warning)

    def test_every_part_has_its_fields(self):
        """The contract's sixteen fields, each pointing at the address's own."""
        self.assertEqual(len(ADDRESS_FIELDS), 16)
        for kind in ADDRESS_TYPES:
            for part, name in ADDRESS_PARTS.items():
                field = self.Partner._fields[f"{kind}_{part}"]
                self.assertEqual(field.related, f"{kind}_address_id.{name}")
                self.assertEqual((field.store, field.readonly), (False, False))
