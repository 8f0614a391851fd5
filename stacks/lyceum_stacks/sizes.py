"""How large an instance is: for how many people, and which machines with which disks. Knows no cloud account.

A size is a plain model. Three stand in `data/sizes/`, and code can make others: whatever yields a `Size` can be
deployed on Google Cloud (`Settings`) and written down as an inventory of one's own machines (`onpremises`).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lyceum_stacks import machine_types

GroupName = Literal["edge", "hub", "database", "compute", "storage", "admin"]
DiskType = Literal["pd-standard", "pd-balanced", "pd-ssd"]

GROUPS: tuple[GroupName, ...] = get_args(GroupName)
NAMES = ("small", "medium", "large")
# Groups whose machines keep what people made on a disk of its own.
WITH_DATA: tuple[GroupName, ...] = ("database", "compute", "storage")
# Less memory than this (GiB) and the services of the group do not start, or are killed when the first people come.
LEAST_MEMORY: Mapping[GroupName, float] = {
    "edge": 1, "hub": 2, "database": 2, "compute": 4, "storage": 2, "admin": 1,
}  # fmt: skip


class Model(BaseModel):
    """What every model here is: unchangeable, and strict about names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Disk(Model):
    """A Persistent Disk. The size is in GB as Google counts them (2**30 bytes)."""

    type: DiskType = "pd-balanced"
    size: Annotated[int, Field(ge=10, le=65_536)]


class DataDisk(Disk):
    """A disk that holds what people made; it outlives its machine."""

    # A second copy in another zone, written at the same time: costs twice as much.
    replicated: bool = False
    # Snapshots by the schedule of the settings.
    snapshots: bool = True


class Group(Model):
    """The machines of one kind."""

    count: Annotated[int, Field(ge=0, le=500)]
    machine_type: str
    boot_disk: Disk = Disk(size=20)
    data_disk: DataDisk | None = None
    # Why so many of these, for whoever reads a size or changes it.
    reason: str = ""

    @field_validator("machine_type")
    @classmethod
    def _is_a_machine_type(cls, name: str) -> str:
        machine_types.find(name)
        return name

    @model_validator(mode="after")
    def _disk_fits_the_machine(self) -> Group:
        found = machine_types.find(self.machine_type)
        if found.family in machine_types.NO_STANDARD_DISK and self.boot_disk.type == "pd-standard":
            raise ValueError(f"{self.machine_type} cannot boot from pd-standard; use pd-balanced")
        return self

    @model_validator(mode="after")
    def _replicated_disk_is_possible(self) -> Group:
        disk, family = self.data_disk, machine_types.find(self.machine_type).family
        if disk and disk.replicated and family not in machine_types.REPLICATED_DISKS:
            known = ", ".join(sorted(machine_types.REPLICATED_DISKS)).upper()
            raise ValueError(f"data_disk.replicated: {self.machine_type} cannot use such disks; {known} can")
        if disk and disk.replicated and disk.type == "pd-standard" and disk.size < 200:
            raise ValueError(f"data_disk.size: a replicated pd-standard has at least 200 GB, not {disk.size}")
        return self

    @property
    def type(self) -> machine_types.MachineType:
        """The machine type with its processors and memory."""
        return machine_types.find(self.machine_type)


class Size(Model):
    """For how many people an instance is, and the machines that they need."""

    name: Annotated[str, Field(pattern=r"[a-z][a-z0-9-]{0,29}")]
    # People who use the instance at least once a week.
    weekly_users: Annotated[int, Field(ge=1, le=10_000_000)]
    # How many of these have a running project at the busiest hour, in percent.
    concurrent_percent: Annotated[float, Field(gt=0, le=100)] = 10
    # What a project's quota promises it by default, in MB (10**6 bytes).
    memory_per_project: Annotated[int, Field(ge=100, le=1_000_000)] = 1000
    # How many times the memory of the compute machines is promised to projects (compute__memory_overcommit).
    memory_overcommit: Annotated[float, Field(ge=1, le=10)] = 1
    # Over how many zones the machines are spread.
    zones: Annotated[int, Field(ge=1, le=3)] = 2
    groups: Mapping[GroupName, Group]

    @field_validator("groups")
    @classmethod
    def _can_work(cls, groups: Mapping[GroupName, Group]) -> Mapping[GroupName, Group]:
        for name in GROUPS:
            group = groups.get(name)
            if name != "admin" and (group is None or group.count == 0):
                raise ValueError(f"{name}: every instance needs at least one machine of this group")
            if group is not None:
                _check_group(name, group)
        return {name: groups[name] for name in GROUPS if name in groups}

    @model_validator(mode="after")
    def _spread(self) -> Size:
        for name, group in self.groups.items():
            needs = _needs_two_zones(group)
            if needs and self.zones < 2:
                raise ValueError(f"zones: 1 is too few, as groups.{name} {needs}")
        return self

    @property
    def concurrent_projects(self) -> int:
        """Running projects at the busiest hour, one for each person who is there then."""
        return max(1, round(self.weekly_users * self.concurrent_percent / 100))

    @property
    def instances(self) -> int:
        """How many machines all groups have together."""
        return sum(group.count for group in self.groups.values())


def _check_group(name: GroupName, group: Group) -> None:
    """Raise ValueError if the machines of a group could not do its work."""
    if name in {"database", "admin"} and group.count > 1:
        raise ValueError(f"{name}.count: an instance has one {name} machine, not {group.count}")
    if group.type.memory < LEAST_MEMORY[name]:
        raise ValueError(
            f"{name}.machine_type: {group.machine_type} has {group.type.memory:g} GiB of memory; "
            f"this group needs {LEAST_MEMORY[name]:g}"
        )
    if name in WITH_DATA and group.data_disk is None:
        raise ValueError(f"{name}.data_disk: it is not there; what people made must be on a disk of its own")
    if name not in WITH_DATA and group.data_disk is not None:
        raise ValueError(f"{name}.data_disk: machines of this group keep no data; leave it out")


def _needs_two_zones(group: Group) -> str:
    """Why a group cannot be in a single zone; empty if it can."""
    if group.count > 1:
        return f"has {group.count} machines, which are to survive the loss of a zone"
    if group.count and group.data_disk and group.data_disk.replicated:
        return "has a disk with a copy in a second zone"
    return ""


def describe(name: str) -> dict[str, Any]:
    """The description of one of our sizes as it stands in its file; raises ValueError for an unknown one."""
    if name not in NAMES:
        raise ValueError(f"there is no size {name!r}; there are {', '.join(NAMES)}")
    text = resources.files(__package__).joinpath("data", "sizes", f"{name}.yaml").read_text(encoding="utf-8")
    return {"name": name, **yaml.safe_load(text)}


def load(name: str) -> Size:
    """One of our sizes; raises ValueError for an unknown one."""
    return Size.model_validate(describe(name))
