"""Every tab of a demo customer's card in a real browser, at a desk's and at a phone's width: run with
``--test-tags demo_data``. ``./dev screenshots`` has it write the pictures of docs/."""

import base64
import io
import os
import time
import unittest
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.tests import HttpCase, common, new_test_user, tagged
from PIL import Image

from .test_demo import MODULE, DemoCase

# The folder that the pictures are written to, when they are asked for.
PICTURES = "L10N_MX_CUSTOMER_PICTURES"
WAIT = 30  # seconds for a tab to show what it must
DESK, PHONE = 1280, 400

# Each tab, in the order of the card, with some of what only it can show.
TABS = {
    "details": ("601 - General de Ley Personas Morales", "Expo Abarrotes, otoño", "Cliente que recomienda"),
    "addresses": ("Bodega Coyoacán", "En obra: entregar en Coyoacán", "Oficina 12", "6:00 a 11:00, sin excepción"),
    "contacts": ("Rosalba Nopaltzin", "Facturación", "almacen@nopal-contento.example.com"),
    "activities": ("Pide cotización de frijol para diciembre", "Junta: entrega diaria", "Avisar del cambio de precios"),
    "relation": ("Piden por teléfono los lunes", "Café con su marca", "Negocio ganado"),
    "changes": ("Horario de recepción", "350,000.00", "G01 - Adquisición de mercancías"),
    "billing": ("012180001183597114", "646180110400000010", "BBVA BANCOMER"),
    "support": ("18,000.00", "15,900.00", "La báscula de la bodega no imprime"),
    "exclusive_products": ("Café Nopal Contento, molienda de la casa", "Bolsa impresa con su logotipo"),
    "files": ("El recibo tiene más de tres meses", "Pendiente de revisión", "Opinión de cumplimiento.pdf"),
}

# What is on screen, values typed into fields included; hidden elements have no innerText.
SHOWN = """
    const pane = document.querySelector(".o_notebook_content .tab-pane.active");
    const fields = pane ? [...pane.querySelectorAll("input, textarea")].filter((field) => field.offsetParent) : [];
    return pane ? [pane.innerText, ...fields.map((field) => field.value)].join("\\n") : "";
"""
# Elements that stick out of the window, or are swept sideways inside of it; the row of tabs may be, on a phone.
TOO_WIDE = """
    const width = document.documentElement.clientWidth;
    const name = (element) => `${element.tagName.toLowerCase()}.${[...element.classList].join(".")}`;
    const all = [...document.querySelectorAll(".o_action_manager *")].filter(
        (element) => element.offsetParent && !element.closest(".o_notebook_headers, .o-mail-Chatter")
    );
    const out = all.filter((element) => Math.floor(element.getBoundingClientRect().right) > width);
    const swept = all.filter(
        (element) =>
            element.scrollWidth > element.clientWidth + 1 &&
            ["auto", "scroll"].includes(getComputedStyle(element).overflowX) &&
            !["INPUT", "TEXTAREA"].includes(element.tagName)
    );
    return [...new Set([...out, ...swept].map(name))].slice(0, 5);
"""
# Where the picture of a tab begins and ends. The window is made as high as the card first.
HEIGHT = """
    const sheet = document.querySelector(".o_form_sheet_bg .o_form_sheet");
    const scrollers = [...document.querySelectorAll(".o_form_renderer, .o_content")];
    const scrolled = scrollers.reduce((total, scroller) => total + scroller.scrollTop, 0);
    return Math.ceil(sheet.getBoundingClientRect().bottom + scrolled);
"""
NOTEBOOK_TOP = 'return Math.floor(document.querySelector(".o_notebook").getBoundingClientRect().top);'
READY = """
    await document.fonts.ready;
    const inside = (image) => image.getBoundingClientRect().top < window.innerHeight; // lazy ones below never load
    await Promise.all([...document.images].filter((image) => !image.complete && inside(image)).map(
        (image) => new Promise((done) => { image.onload = image.onerror = done; })
    ));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 150)));
    return true;
"""


class WalkingBrowser(common.ChromeBrowser):
    """Odoo's browser with the walk of a test, in Python, where others run JavaScript: only from here can a picture be
    taken between two steps."""

    def navigate_to(self, url, wait_stop=False):
        self.prepare()
        return super().navigate_to(url, wait_stop=wait_stop)

    def _wait_code_ok(self, code, timeout, error_checker=None):
        self.test_case.walk(self)
        # An error of the page or in its console has been put there meanwhile.
        if self._result.done():
            self._result.result()

    def prepare(self):
        """As on a person's screen: Mexico's time, and scroll bars that appear only when they are used."""
        self._websocket_request("Emulation.setTimezoneOverride", params={"timezoneId": "America/Mexico_City"})
        self._websocket_request("Emulation.setScrollbarsHidden", params={"hidden": True})

    def evaluate(self, body):
        """What the body of a JavaScript function returns."""
        answer = self._websocket_request(
            "Runtime.evaluate",
            params={"expression": f"(async () => {{{body}}})()", "awaitPromise": True, "returnByValue": True},
            timeout=WAIT,
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"JavaScript: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def resize(self, width, height):
        self._websocket_request(
            "Emulation.setDeviceMetricsOverride",
            params={"mobile": False, "width": width, "height": height, "deviceScaleFactor": 1},
        )

    def picture(self, width, top, bottom):
        clip = {"x": 0, "y": top, "width": width, "height": bottom - top, "scale": 1}
        answer = self._websocket_request("Page.captureScreenshot", params={"clip": clip}, timeout=WAIT)
        return base64.b64decode(answer["data"])


class TabsCase(DemoCase, HttpCase):
    width = DESK

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.env.ref(f"{MODULE}.customer_nopal_contento")
        cls.user = new_test_user(
            cls.env,
            "sofia.balam",
            f"{MODULE}.group_customer_manager,sales_team.group_sale_manager,account.group_account_manager,"
            "product.group_product_manager,helpdesk_mgmt.group_helpdesk_user",
            name="Sofía Balam",
            lang="es_MX",
            tz="America/Mexico_City",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        # Odoo's robot greets each new user in a window of its own, over the card.
        cls.user.odoobot_state = "disabled"

    def _open_card(self):
        ready = "Boolean(document.querySelector('.o_form_view .o_notebook .tab-pane.active'))"
        self._open(f"/odoo/mx-customers/{self.customer.id}", ready, self._walk_tabs)

    def _open(self, path, ready, walk):
        """Open a page and walk through it, with a browser in hand."""
        self.browser_size = f"{self.width}x900"
        self.pictures = {}
        self.walk = walk
        try:
            with patch.object(common, "ChromeBrowser", WalkingBrowser):
                self.browser_js(path, "", ready=ready, login=self.user.login)
        except unittest.SkipTest as skip:
            # Odoo skips in silence where there is no browser; then no tab was looked at.
            raise AssertionError(f"no browser, run ./dev test, which installs one: {skip}") from skip

    def _walk_tabs(self, browser):
        names = browser.evaluate(
            'return [...document.querySelectorAll(".o_notebook_headers a.nav-link")].map((link) => link.name);'
        )
        self.assertEqual(names, list(TABS), "the card's tabs are those that this test knows, in this order")
        for name, expected in TABS.items():
            with self.subTest(name):
                self._look_at(browser, name, expected)

    def _look_at(self, browser, name, expected):
        browser.resize(self.width, 900)
        browser.evaluate(f'document.querySelector(".o_notebook_headers a[name={name}]").click();')
        missing = self._missing(browser, expected, SHOWN)
        self.assertEqual(missing, [], f"the tab {name} does not show it")
        browser.resize(self.width, browser.evaluate(HEIGHT))
        self._check_page(browser)
        # The first picture has the card's head too.
        top = 0 if name == next(iter(TABS)) else browser.evaluate(NOTEBOOK_TOP) - 8
        self._take_picture(browser, name, top, browser.evaluate(HEIGHT))

    def _look_at_customers(self, browser, name, expected):
        """The list or the cards of the customers, as they open."""
        missing = self._missing(browser, expected, 'return document.querySelector(".o_content").innerText;')
        self.assertEqual(missing, [], f"the {name} does not show it")
        self._check_page(browser)
        self._take_picture(browser, name, 0, 900)

    def _check_page(self, browser):
        browser.evaluate(READY)
        self.assertEqual(browser.evaluate('return document.querySelectorAll(".o_error_dialog").length;'), 0)
        self.assertFalse(browser._result.done(), "an error of the page or in its console")
        scrolled = browser.evaluate("return document.documentElement.scrollWidth;")
        self.assertLessEqual(scrolled, self.width, "the page is wider than the screen")
        self.assertEqual(browser.evaluate(TOO_WIDE), [], "wider than the screen")

    def _take_picture(self, browser, name, top, bottom):
        png = browser.picture(self.width, top, bottom)
        common.save_test_file(type(self).__name__, png, f"{name}_")
        self._check_picture(png)
        self.pictures[name] = png

    def _missing(self, browser, expected, script):
        """Of the texts that must be on screen, those that do not appear in time."""
        until = time.monotonic() + WAIT
        while True:
            shown = browser.evaluate(script)
            missing = [text for text in expected if text not in shown]
            if not missing or time.monotonic() > until:
                return missing
            time.sleep(0.1)

    def _check_picture(self, png):
        image = Image.open(io.BytesIO(png)).convert("RGB")
        self.assertEqual(image.width, self.width)
        self.assertGreater(image.height, 150)
        size = image.width * image.height
        colors = image.getcolors(size)
        self.assertGreater(len(colors), 60, "blank: nothing is drawn")
        self.assertLess(max(count for count, _color in colors), 0.97 * size, "nearly blank")


@tagged("post_install", "-at_install", "-standard", "demo_data")
class TestDemoTabs(TabsCase):
    def test_every_tab(self):
        self._open_card()
        self.assertEqual(list(self.pictures), list(TABS))
        self._write_pictures()

    def test_list_and_cards(self):
        self._open(
            "/odoo/mx-customers", "Boolean(document.querySelector('.o_list_view .o_data_row'))", self._walk_views
        )
        self.assertEqual(list(self.pictures), ["list", "cards"])
        self._write_pictures()

    def _walk_views(self, browser):
        row = ("ANC960312FL0", "C001", "Crédito disponible", "83,637.17")
        self._look_at_customers(browser, "list", row)
        browser.evaluate('document.querySelector(".o_switch_view.o_kanban").click();')
        self._look_at_customers(browser, "cards", (*row, "[CEN] Centro", "Distribuidores"))

    def _write_pictures(self):
        """Where they are asked for, in 128 colours, a third of the size: they are part of the repository."""
        if not os.environ.get(PICTURES):
            return
        folder = Path(os.environ[PICTURES])
        folder.mkdir(parents=True, exist_ok=True)
        for name, png in self.pictures.items():
            image = Image.open(io.BytesIO(png)).convert("RGB")
            image.quantize(128, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


@tagged("post_install", "-at_install", "-standard", "demo_data")
class TestDemoTabsPhone(TabsCase):
    width = PHONE

    def test_every_tab(self):
        self._open_card()
        self.assertEqual(list(self.pictures), list(TABS))

    def test_cards(self):
        cards = ("ANC960312FL0", "C001", "[CEN] Centro", "Crédito disponible", "83,637.17")
        self._open(
            "/odoo/mx-customers",
            "Boolean(document.querySelector('.o_kanban_view .o_kanban_record'))",
            lambda browser: self._look_at_customers(browser, "cards", cards),
        )
        self.assertEqual(list(self.pictures), ["cards"])
