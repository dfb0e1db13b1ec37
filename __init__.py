from . import cfdi, demo, models, wizards
