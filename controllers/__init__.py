from . import customer_sale_portal
