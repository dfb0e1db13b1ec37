from . import customer_duplicate
