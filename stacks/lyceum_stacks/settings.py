"""The settings of a stack: typed, checked, and refused where they are unsafe or cannot work.

How they are read from `Pulumi.<stack>.yaml` stands in `configuration.py`. Messages name the field as it stands there.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from lyceum_stacks import regions
from lyceum_stacks.sizes import Model, Size

# From where the Identity-Aware Proxy forwards TCP. Source: Google's page "Using IAP for TCP forwarding".
IAP = "35.235.240.0/20"
# What the files of the three sizes hold until somebody puts their own in.
EXAMPLE_PROJECT = "example-project"
EXAMPLE_BILLING_ACCOUNT = "000000-000000-000000"
# Private use (RFC 1918) and shared address space (RFC 6598).
PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})+")
_MEMBER = re.compile(r"(user|group|serviceAccount):[^@\s:]+@[^@\s]+")
_SSH_KEY = re.compile(r"[a-z_][a-z0-9_-]{0,31}:(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/=]+( .*)?")

Domain = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$")]


class Budget(Model):
    """What a month may cost before people are told. Nothing is ever switched off by it."""

    amount: Annotated[int, Field(ge=1, le=10_000_000)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    emails: Annotated[tuple[str, ...], Field(min_length=1)]

    @field_validator("emails")
    @classmethod
    def _are_addresses(cls, emails: tuple[str, ...]) -> tuple[str, ...]:
        for email in emails:
            if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
                raise ValueError(f"{email!r} is no address of e-mail")
        return emails


class Backups(Model):
    """Copies outside of the machines. Days are counted from when an object was written."""

    # Another region, or `us`, `eu`, `asia`: several regions of that continent.
    location: str
    # Who may read the copies beside the machines that write them; auditors, say.
    readers: tuple[str, ...] = ()
    # For so long nobody can delete or overwrite a copy.
    offsite_retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    archive_retention_days: Annotated[int, Field(ge=1, le=3650)] = 14
    # After so long copies are deleted.
    offsite_keep_days: Annotated[int, Field(ge=1, le=36500)] = 180
    archive_keep_days: Annotated[int, Field(ge=1, le=36500)] = 60
    # Locked, a retention can be made longer, never shorter, by nobody. This cannot be taken back.
    lock: bool = True
    # Snapshots of data disks: daily, kept so long.
    snapshot_keep_days: Annotated[int, Field(ge=1, le=3650)] = 14

    @field_validator("location")
    @classmethod
    def _is_a_place(cls, location: str) -> str:
        return location if location in regions.MULTI_REGIONS else known_region(location)

    @field_validator("readers")
    @classmethod
    def _are_not_everybody(cls, readers: tuple[str, ...]) -> tuple[str, ...]:
        return _members(readers)

    @model_validator(mode="after")
    def _kept_as_long_as_protected(self) -> Self:
        for kind in ("offsite", "archive"):
            protected, kept = (getattr(self, f"{kind}_{what}_days") for what in ("retention", "keep"))
            if kept < protected:
                raise ValueError(f"{kind}_keep_days: {kept} is less than {kind}_retention_days ({protected})")
        return self


class Settings(Model):
    """All that the program needs to know of an instance."""

    stack: Name
    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    region: str
    zones: tuple[str, ...]
    size: Size
    # The name that browsers reach the instance by, and the domain under which each project has an origin of its own.
    domain: Domain
    project_domain: Domain
    # Whether a zone for these names is made in Cloud DNS; otherwise the outputs say which records to make elsewhere.
    dns: bool = True
    # Whether projects can be reached by SSH (port 22022 of the edges).
    project_ssh: bool = True
    # Private addresses of the machines, shared out among the subnets.
    network: str = "10.64.0.0/16"
    # From where SSH to machines may come: the Identity-Aware Proxy, and private networks that are joined to ours.
    administration_ranges: tuple[str, ...] = (IAP,)
    # Who may administer the machines, as user:..., group:... or serviceAccount:...
    administrators: Annotated[tuple[str, ...], Field(min_length=1)]
    # OS Login ties SSH to these people's accounts. Without it, the keys here are put on the machines (name:key).
    os_login: bool = True
    ssh_keys: tuple[str, ...] = ()
    image: Literal["debian-cloud/debian-13"] = "debian-cloud/debian-13"
    # What holds data cannot be deleted, neither by this program nor in the console, until this is false.
    deletion_protection: bool = True
    backups: Backups
    billing_account: Annotated[str, Field(pattern=r"^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$")]
    budget: Budget
    labels: Mapping[str, str] = Field(default_factory=dict)

    @field_validator("region")
    @classmethod
    def _is_a_region(cls, region: str) -> str:
        return known_region(region)

    @field_validator("domain", "project_domain")
    @classmethod
    def _is_a_domain(cls, domain: str) -> str:
        if not _DOMAIN.fullmatch(domain):
            raise ValueError(f"{domain!r} is no domain such as lyceum.example.org")
        return domain

    @field_validator("administrators")
    @classmethod
    def _are_people(cls, members: tuple[str, ...]) -> tuple[str, ...]:
        return _members(members)

    @field_validator("network")
    @classmethod
    def _is_private(cls, network: str) -> str:
        found = _network(network)
        if not _is_private(found) or found.prefixlen > 20:
            raise ValueError(f"{network} must be a private range of addresses of at least /20, such as 10.64.0.0/16")
        return network

    @field_validator("administration_ranges")
    @classmethod
    def _is_closed_to_the_internet(cls, ranges: tuple[str, ...]) -> tuple[str, ...]:
        iap = ipaddress.IPv4Network(IAP)
        for text in ranges:
            found = _network(text)
            if not found.subnet_of(iap) and not _is_private(found):
                raise ValueError(
                    f"{text} would open SSH of the machines to the internet; allowed are the Identity-Aware Proxy "
                    f"({IAP}) and private ranges"
                )
        return ranges

    @field_validator("ssh_keys")
    @classmethod
    def _are_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if not _SSH_KEY.fullmatch(key):
                raise ValueError(f"{key[:40]!r} is no key such as 'ada:ssh-ed25519 AAAA...'")
        return keys

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, labels: Mapping[str, str]) -> Mapping[str, str]:
        for key, value in labels.items():
            if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key) or not re.fullmatch(r"[a-z0-9_-]{0,63}", value):
                raise ValueError(f"{key}={value}: lower-case letters, digits, _ and -, a letter first")
        return labels

    @model_validator(mode="after")
    def _zones_fit(self) -> Self:
        known = regions.zones_of(self.region)
        for zone in self.zones:
            if zone not in known:
                raise ValueError(f"zones: {zone} is no zone of {self.region}; it has {', '.join(known)}")
        if len(set(self.zones)) != len(self.zones):
            raise ValueError("zones: one stands twice")
        if len(self.zones) != self.size.zones:
            raise ValueError(
                f"zones: {len(self.zones)} are named ({', '.join(self.zones)}); size.zones is {self.size.zones}"
            )
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.backups.location == self.region:
            raise ValueError(f"backups.location: {self.region} is where the machines are; copies would be lost with it")
        if self.dns and not self.project_domain.endswith(f".{self.domain}"):
            raise ValueError(
                f"project_domain: {self.project_domain} is not below {self.domain}; with dns, one zone holds both"
            )
        if self.project_domain == self.domain:
            raise ValueError("project_domain: it is the domain itself; what projects serve needs an origin of its own")
        if self.os_login and self.ssh_keys:
            raise ValueError("ssh_keys: with os_login, keys belong to people's accounts; leave them out")
        if not self.os_login and not self.ssh_keys:
            raise ValueError("ssh_keys: without os_login at least one key is needed, or nobody gets in")
        return self

    def examples(self) -> list[str]:
        """Fields that still hold what our files hold as an example: to be refused before anything is made."""
        found = {
            "gcp:project": self.project == EXAMPLE_PROJECT,
            "lyceum:billing_account": self.billing_account == EXAMPLE_BILLING_ACCOUNT,
            "lyceum:domain": bool(re.search(r"(^|\.)example\.(org|com|net)$", self.domain)),
            "lyceum:administrators": any(member.endswith("@example.org") for member in self.administrators),
            "lyceum:budget.emails": any(email.endswith("@example.org") for email in self.budget.emails),
        }
        return [field for field, is_example in found.items() if is_example]


def known_region(region: str) -> str:
    if region not in regions.REGIONS:
        near = get_close_matches(region, regions.REGIONS, n=1)
        raise ValueError(f"there is no region {region!r}" + (f"; did you mean {near[0]}?" if near else ""))
    return region


def _members(members: tuple[str, ...]) -> tuple[str, ...]:
    for member in members:
        if member in EVERYBODY:
            raise ValueError(f"{member} would let everybody in; name people, groups or service accounts")
        if not _MEMBER.fullmatch(member):
            raise ValueError(f"{member!r} must be user:..., group:... or serviceAccount:... with an address")
    return members


def _network(text: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        raise ValueError(f"{text!r} is no range of addresses such as 10.64.0.0/16") from None


def _is_private(network: ipaddress.IPv4Network) -> bool:
    return any(network.subnet_of(private) for private in PRIVATE)
