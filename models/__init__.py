from . import (
    account_move,
    account_move_comprobante,
    certificate_certificate,
    customer_cfdi,
    product_template,
    res_company,
    res_config_settings,
    res_partner_credit,
    res_partner_figures,
    res_partner_tax,
    sale_order,
    uom_uom,
)
