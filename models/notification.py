def notification(message, kind="success", **params):
    """The action that tells the user something and then shows the screen anew.

    :param str kind: ``success``, ``info``, ``warning`` or ``danger``
    :param params: others of ``display_notification``, such as ``sticky``
    """
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {
            "type": kind,
            "message": message,
            "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            **params,
        },
    }
