"""Real engines on loopback ports, for tests and for a developer's machine without containers."""

from deploy.engines.influxdb import InfluxEngine, influxdb
from deploy.engines.toolchain import EngineError

__all__ = ["EngineError", "InfluxEngine", "influxdb"]
