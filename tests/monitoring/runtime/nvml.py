"""A stand-in for pynvml: the functions of NVML that we call, with the values and errors that a test gives it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


class NVMLError(Exception):
    """What pynvml raises."""


class Nvml:
    """Speaks as the module does; each device is a dict of what it tells."""

    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *devices: dict[str, Any], broken: str = "") -> None:
        self.devices, self.broken, self.asked = devices, broken, 0

    def nvmlInit(self) -> None:
        if self.broken:
            raise NVMLError(self.broken)

    def nvmlDeviceGetCount(self) -> int:
        return len(self.devices)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> dict[str, Any]:
        return self.devices[index]

    def nvmlDeviceGetName(self, handle: dict[str, Any]) -> Any:
        return handle["name"]

    def nvmlDeviceGetUtilizationRates(self, handle: dict[str, Any]) -> Any:
        self.asked += 1
        return SimpleNamespace(gpu=self._tell(handle, "utilisation"))

    def nvmlDeviceGetMemoryInfo(self, handle: dict[str, Any]) -> Any:
        used, total = self._tell(handle, "memory")
        return SimpleNamespace(used=used, total=total)

    def nvmlDeviceGetPowerUsage(self, handle: dict[str, Any]) -> int:
        return self._tell(handle, "milliwatts")

    def nvmlDeviceGetTemperature(self, handle: dict[str, Any], sensor: int) -> int:
        return self._tell(handle, "celsius")

    @staticmethod
    def _tell(handle: dict[str, Any], what: str) -> Any:
        if what not in handle:
            raise NVMLError("not supported")
        return handle[what]
