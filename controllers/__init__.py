from . import customer_sale_portal, helpdesk_ticket, portal
