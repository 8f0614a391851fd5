"""What everybody may know of the site."""

from __future__ import annotations

from lyceum_hub import VERSION

from .registry import Call, Nothing, Output, Who, operation


class Site(Output, frozen=True):
    """The site, for the page that people see before they sign in."""

    site_name: str
    sign_up: str
    """``open``, ``token`` (the administrators give it out) or ``closed``."""
    version: str


@operation(Who.ANYBODY)
async def get_site(call: Call, asked: Nothing) -> Site:  # noqa: ARG001
    """Return the site's name, who may sign up, and Lyceum's version."""
    settings = call.services.settings
    return Site(site_name=settings.site_name, sign_up=settings.sign_up, version=VERSION)
