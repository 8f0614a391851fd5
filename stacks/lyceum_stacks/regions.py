"""Google Cloud's regions and their zones, and where the copies of an instance go that must survive its region.

Source: Google's page "Regions and zones", as of 2026. A region that opens later is one line here.
"""

from __future__ import annotations

from collections.abc import Mapping

_LETTERS: Mapping[str, str] = {
    "africa-south1": "abc",
    "asia-east1": "abc",
    "asia-east2": "abc",
    "asia-northeast1": "abc",
    "asia-northeast2": "abc",
    "asia-northeast3": "abc",
    "asia-south1": "abc",
    "asia-south2": "abc",
    "asia-southeast1": "abc",
    "asia-southeast2": "abc",
    "australia-southeast1": "abc",
    "australia-southeast2": "abc",
    "europe-central2": "abc",
    "europe-north1": "abc",
    "europe-north2": "abc",
    "europe-southwest1": "abc",
    "europe-west1": "bcd",
    "europe-west2": "abc",
    "europe-west3": "abc",
    "europe-west4": "abc",
    "europe-west6": "abc",
    "europe-west8": "abc",
    "europe-west9": "abc",
    "europe-west10": "abc",
    "europe-west12": "abc",
    "me-central1": "abc",
    "me-central2": "abc",
    "me-west1": "abc",
    "northamerica-northeast1": "abc",
    "northamerica-northeast2": "abc",
    "northamerica-south1": "abc",
    "southamerica-east1": "abc",
    "southamerica-west1": "abc",
    "us-central1": "abcf",
    "us-east1": "bcd",
    "us-east4": "abc",
    "us-east5": "abc",
    "us-south1": "abc",
    "us-west1": "abc",
    "us-west2": "abc",
    "us-west3": "abc",
    "us-west4": "abc",
}
REGIONS = tuple(_LETTERS)
# A bucket in one of these lies in several regions of the continent. Keys have names of their own for the same places.
MULTI_REGIONS: Mapping[str, str] = {"us": "us", "eu": "europe", "asia": "asia"}

# Near enough to be cheap, far enough not to burn with it, and under the same law.
_PARTNERS: Mapping[str, str] = {
    "europe-west1": "europe-west4",
    "europe-west4": "europe-west1",
    "us-central1": "us-east1",
    "us-east1": "us-central1",
}
_CONTINENTS: Mapping[str, str] = {
    "europe": "eu",
    "africa": "eu",
    "me": "eu",
    "us": "us",
    "northamerica": "us",
    "southamerica": "us",
    "asia": "asia",
    "australia": "asia",
}


def zones_of(region: str) -> tuple[str, ...]:
    """The zones of a known region, as `europe-west4-a`."""
    return tuple(f"{region}-{letter}" for letter in _LETTERS[region])


def offsite_of(region: str) -> str:
    """Where copies go that must survive the region: another region, or the continent's several ones."""
    return _PARTNERS.get(region) or _CONTINENTS[region.split("-", maxsplit=1)[0]]


def key_location(location: str) -> str:
    """Where the key must lie that encrypts a bucket at this location."""
    return MULTI_REGIONS.get(location, location)
