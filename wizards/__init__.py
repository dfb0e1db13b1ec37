from . import (
    base_partner_merge,
    base_partner_merge_change,
    base_partner_merge_commercial,
    customer_credit_authorize,
    customer_duplicate,
    customer_duplicate_group,
    customer_duplicate_many,
    customer_file_rejection,
    customer_registration,
    customer_registration_reading,
    customer_stamp_result,
    customer_store_password,
)
