from . import customer_duplicate, customer_duplicate_many, customer_registration, customer_store_password
