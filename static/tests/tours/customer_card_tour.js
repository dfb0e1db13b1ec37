import { registry } from "@web/core/registry";

// The data are those of tests/test_customer_card.py.
registry.category("web_tour.tours").add("l10n_mx_customer_card", {
    url: "/odoo/mx-customers",
    steps: () => [
        {
            content: "the list tells what is owed",
            trigger: ".o_data_row:contains(Comercializadora del Bajío) td[name=receivable_balance]:contains(1,160.00)",
        },
        {
            content: "open the card",
            trigger: ".o_data_row td[name=name]:contains(Comercializadora del Bajío)",
            run: "click",
        },
        {
            content: "the labels are the contract's",
            trigger: ".o_form_label:contains(Por Cobrar Vencido)",
        },
        {
            content: "the figures are on top",
            trigger: ".o_field_widget[name=credit_available]:contains(48,840.00)",
        },
        {
            content: "tax data",
            trigger: ".o_field_widget[name=cfdi_tax_regime] :value(601 - General de Ley Personas Morales)",
        },
        {
            content: "credit",
            trigger: ".o_field_widget[name=credit_days] input:value(30)",
        },
        {
            content: "open the actions",
            trigger: ".o_cp_action_menus button:has(.fa-cog)",
            run: "click",
        },
        {
            content: "duplicate",
            trigger: ".o_menu_item:contains(Duplicar cliente)",
            run: "click",
        },
        {
            content: "what will be copied is shown",
            trigger: ".modal .o_field_widget[name=credit_limit]:contains(50,000.00)",
        },
        {
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit Sucursal Norte",
        },
        {
            trigger: ".modal .o_field_widget[name=vat] input",
            run: "edit XIA190128J61",
        },
        {
            trigger: ".modal .o_field_widget[name=email] input",
            run: "edit norte@example.com",
        },
        {
            trigger: ".modal .o_field_widget[name=phone] input",
            run: "edit 55 5555 0101",
        },
        {
            trigger: ".modal button[name=action_duplicate]",
            run: "click",
        },
        {
            content: "the new card is open",
            trigger: ".o_form_view .o_field_widget[name=name] :value(Sucursal Norte)",
        },
        {
            trigger: ".o_field_widget[name=credit_available]:contains(50,000.00)",
        },
    ],
});
