from functools import wraps


def wrap_method(env, model, name, around):
    """Have ``around(records, method, ...)`` called in place of a method of a model, from ``_register_hook``.

    For models of modules that the addon does without: their methods are wrapped when the registry is made, as
    base_automation does. Calling it again changes nothing.
    """
    model = env.registry[model]
    method = getattr(model, name)
    if getattr(method, "wrapped_by", None) is around:
        return

    @wraps(method)
    def wrapper(self, *args, **kwargs):
        return around(self, method, *args, **kwargs)

    wrapper.wrapped_by = around
    setattr(model, name, wrapper)


def add_method(env, model, method):
    """Give a model a method by the name of a function, from ``_register_hook``: for models as above."""
    setattr(env.registry[model], method.__name__, method)
