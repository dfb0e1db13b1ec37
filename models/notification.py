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


def stamping_notification(results):
    """Tell what became of documents that were stamped: what failed; else all of them.

    :param list results: of ``cfdi_stamp``
    """
    failed = [result for result in results if result["state"] != "stamped"]
    message = "\n".join(f"{result['name']}: {result['message']}" for result in failed or results)
    return notification(message, "danger" if failed else "success", sticky=bool(failed))
