from . import cfdi, demo, models, wizards
from .hooks import post_init_hook, uninstall_hook
