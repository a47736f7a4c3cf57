"""What a macro is made of: a technology for each role, at its own supply, and a memory device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from neurorebit.schema import InputError
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology

CORE = "core"  # the role that every macro has


@dataclass(frozen=True, eq=False)
class Supplies:
    """Technologies by role, each at the supply and temperature of an operating point.

    A role of which a record says nothing is the core's. ``memory`` is the device of a macro that
    stores weights in devices.
    """

    technologies: Mapping[str, Technology] = field(default_factory=dict)
    memory: Device | None = None

    def of(self, role: str = CORE) -> Technology:
        """The technology of a role; InputError where not even the core has one."""
        found = self.technologies.get(role) or self.technologies.get(CORE)
        if found is None:
            message = f"no supply has the role '{CORE}'"
            raise InputError(message, key="supplies", cure=f"give {CORE}: a technology")
        return found

    @property
    def device(self) -> Device:
        """The memory device; InputError where there is none."""
        if self.memory is None:
            message = "the macro stores its weights in devices, and the record names none"
            raise InputError(message, key="device", cure="name a device, or a device file")
        return self.memory
