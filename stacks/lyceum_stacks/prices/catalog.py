"""Reads Google's Cloud Billing Catalog API (cloud.google.com/billing/docs/reference/rest/v1/services.skus).

Two things there mislead: the first of `tieredRates` is often a free tier, so a price is found by its quantity; and a
SKU whose `geoTaxonomy` is GLOBAL holds everywhere, though its `serviceRegions` name a few.
"""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import msgspec

from lyceum_stacks.errors import StackError, WrongUse
from lyceum_stacks.prices.table import EVERYWHERE, reason

CATALOG = "https://cloudbilling.googleapis.com/v1"
KEY_VARIABLE = "LYCEUM_GOOGLE_API_KEY"
TIMEOUT = 60
MOST_PAGES = 200
NANO = Decimal(10) ** -9
BINARY = Decimal(2**30) / Decimal(10**9)  # a GiB in GB


class Rate(msgspec.Struct, frozen=True, rename="camel"):
    """From an amount on, each unit costs this much."""

    start_usage_amount: Decimal = Decimal(0)
    unit_price: dict[str, Any] = {}

    @property
    def price(self) -> Decimal:
        """`units` is a text of whole units, `nanos` are billionths."""
        return Decimal(str(self.unit_price.get("units", 0))) + int(self.unit_price.get("nanos", 0)) * NANO


class Expression(msgspec.Struct, frozen=True, rename="camel"):
    """How usage becomes a price."""

    usage_unit: str = ""
    tiered_rates: list[Rate] = []


class PricingInfo(msgspec.Struct, frozen=True, rename="camel"):
    """A price from a time on."""

    pricing_expression: Expression
    effective_time: str = ""
    currency_conversion_rate: Decimal = Decimal(1)


class Category(msgspec.Struct, frozen=True, rename="camel"):
    """What kind of thing a SKU is."""

    usage_type: str = ""
    resource_family: str = ""
    resource_group: str = ""


class GeoTaxonomy(msgspec.Struct, frozen=True, rename="camel"):
    """Where a SKU holds: GLOBAL, REGIONAL or MULTI_REGIONAL."""

    type: str = ""
    regions: list[str] = []


class Sku(msgspec.Struct, frozen=True, rename="camel"):
    """One thing that Google charges for."""

    description: str
    category: Category
    sku_id: str = ""
    service_regions: list[str] = []
    pricing_info: list[PricingInfo] = []
    geo_taxonomy: GeoTaxonomy | None = None

    @property
    def regions(self) -> tuple[str, ...]:
        """Where its price holds; `all` for a SKU that is global."""
        if self.geo_taxonomy is not None and self.geo_taxonomy.type == "GLOBAL":
            return (EVERYWHERE,)
        return tuple(EVERYWHERE if region == "global" else region for region in self.service_regions)

    @property
    def latest(self) -> PricingInfo | None:
        """The price that holds now: the one that began last."""
        return max(self.pricing_info, key=lambda info: info.effective_time, default=None)


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """One answer of the API."""

    skus: list[Sku] = []
    next_page_token: str = ""


def key(file: str) -> str:
    """The API key: from a file, else from the environment; never from the command line, where others can read it."""
    if file:
        try:
            found = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StackError(f"The key file {file} cannot be read: {reason(error)}.") from None
    else:
        found = os.environ.get(KEY_VARIABLE, "").strip()
    if not found:
        raise WrongUse(
            f"An API key is needed: --key-file FILE, or the variable {KEY_VARIABLE}.",
            hint="cloud.google.com/billing/v1/how-tos/catalog-api tells how to make one; it needs no billing account.",
        )
    if not found.isprintable() or " " in found:
        raise StackError("The API key is not one line of text.")
    return found


def skus(service: str, api_key: str, *, catalog: str = CATALOG, currency: str = "USD") -> Iterator[Sku]:
    """All SKUs of a service, page by page; raises `StackError` for what the API refuses or says wrongly."""
    token = ""
    for _ in range(MOST_PAGES):
        query = {"currencyCode": currency, "pageSize": "5000", **({"pageToken": token} if token else {})}
        page = _page(f"{catalog.rstrip('/')}/services/{service}/skus?{urlencode(query)}", api_key)
        yield from page.skus
        token = page.next_page_token
        if not token:
            return
    raise StackError(
        f"The catalogue has more than {MOST_PAGES} pages of service {service}; something is wrong with it."
    )


def _page(url: str, api_key: str) -> Page:
    where = urlsplit(url)
    if where.scheme not in {"https", "http"}:
        raise WrongUse(f"The catalogue's address begins with https://, not {where.scheme}://.")
    request = Request(url, headers={"X-Goog-Api-Key": api_key, "Accept": "application/json"})  # noqa: S310 - checked above
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            content = answer.read()
    except HTTPError as error:
        raise _refused(error, where.netloc) from None
    except (URLError, OSError, http.client.HTTPException) as error:
        told = error.reason if isinstance(error, URLError) else error
        raise StackError(
            f"The catalogue at {where.netloc} does not answer: {told}.", hint="The table stays as it was."
        ) from None
    try:
        return msgspec.json.decode(content, type=Page, strict=False)
    except msgspec.DecodeError as error:
        raise StackError(f"The catalogue at {where.netloc} answers with something else than prices: {error}.") from None


def _refused(error: HTTPError, host: str) -> StackError:
    try:
        told: Mapping[str, Any] = msgspec.json.decode(error.read())
        words = str(told["error"]["message"])
    except (msgspec.DecodeError, KeyError, TypeError, OSError):
        words = error.reason
    hint = "Is the key right, and the Cloud Billing API enabled for it?" if error.code in {400, 401, 403} else None
    return StackError(f"The catalogue at {host} refuses ({error.code}): {words}", hint=hint)
