from . import cfdi, controllers, demo, models, wizards
from .hooks import post_init_hook
