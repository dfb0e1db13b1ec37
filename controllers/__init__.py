from . import customer_cfdi_portal, customer_sale_portal, helpdesk_ticket, portal
