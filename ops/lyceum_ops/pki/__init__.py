"""The certificate authority of an instance. It lives on the control machine, in the inventory's folder `pki/`."""


class PkiError(Exception):
    """Something about certificates that an administrator must mend; the text says what, where and how."""
