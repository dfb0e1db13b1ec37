from . import (
    test_access,
    test_cfdi,
    test_customer_card,
    test_customer_duplicate,
    test_demo,
    test_figures,
    test_i18n,
    test_identity,
    test_tax_data,
)
