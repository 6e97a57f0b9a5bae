"""Everything that goes wrong in the field, by name. To add one: a pure function and a line here."""

from simulators.faults import line, logger, plant
from simulators.faults.fault import Fault, Parameter, ReportFault, SampleFault, Spell

FAULTS: dict[str, Fault] = {
    "exceedance": SampleFault(
        meaning="pollutant jumps by a factor, as when a slurry pump trips",
        apply=plant.exceedance,
        parameters={"code": "a21026", "factor": 6.0},
    ),
    "stuck": SampleFault(
        meaning="analyser shows one value", apply=plant.stuck, parameters={"code": "a21026", "value": 12.34}
    ),
    "stopped": SampleFault(meaning="plant stands still", apply=plant.stopped),
    "air_leak": SampleFault(meaning="analyser draws air", apply=plant.air_leak),
    "gap": ReportFault(meaning="line down, data lost", apply=line.gap),
    "silence": ReportFault(meaning="logger says nothing at all", apply=line.gap),
    "backfill": ReportFault(
        meaning="line down, period data come late",
        apply=line.backfill,
        parameters={"keep_hours": 720.0, "delay_min": 5.0},
    ),
    "carrier_outage": ReportFault(
        meaning="the county's carrier is down; loggers remember only their last hours",
        apply=line.backfill,
        parameters={"keep_hours": 2.0, "delay_min": 5.0},
    ),
    "duplicate": ReportFault(meaning="the same frame again", apply=line.duplicate, parameters={"after_min": 1.0}),
    "out_of_order": ReportFault(
        meaning="hour data arrive behind younger ones", apply=line.out_of_order, parameters={"by_min": 65.0}
    ),
    "wrong_crc": ReportFault(
        meaning="frame torn, sent again by who waits for an answer",
        apply=line.wrong_crc,
        parameters={"again_min": 1.0},
    ),
    "modbus_crc": ReportFault(meaning="CRC of Modbus", apply=line.modbus_crc),
    "cut": ReportFault(meaning="end of the frame missing", apply=line.cut),
    "foreign_mn": ReportFault(
        meaning="frame says another MN than the login",
        apply=line.foreign_mn,
        parameters={"mn": "010000A89000FF0000999999"},
    ),
    "unknown_mn": ReportFault(
        meaning="MN not in the register", apply=line.unknown_mn, parameters={"mn": "010000A89000FF0000999998"}
    ),
    "maintenance": ReportFault(meaning="flag M", apply=logger.flagged, parameters={"letter": "M", "hours": "yes"}),
    "out_of_service": ReportFault(meaning="flag F", apply=logger.flagged, parameters={"letter": "F", "hours": "yes"}),
    "calibration": ReportFault(
        meaning="zero gas and flag C", apply=logger.calibration, parameters={"letter": "C", "hours": "no"}
    ),
    "odd_value": ReportFault(
        meaning="a value that is no number", apply=logger.odd_value, parameters={"code": "a21026", "value": "NaN"}
    ),
    "negative": ReportFault(meaning="mean below 0", apply=logger.negative, parameters={"code": "a34013"}),
    "no_oxygen": ReportFault(meaning="oxygen cell dead", apply=logger.no_oxygen),
    "understated": ReportFault(
        meaning="converted value too low",
        apply=logger.understated,
        parameters={"code": "a21026", "factor": 0.8},
    ),
    "corrected": ReportFault(
        meaning="hour sent again with another value",
        apply=logger.corrected,
        parameters={"code": "a21002", "factor": 1.1, "after_min": 90.0},
    ),
    "clock_ahead": ReportFault(meaning="clock ahead by days", apply=logger.clock_ahead, parameters={"days": 1.0}),
    "wrong_st": ReportFault(meaning="wrong system code", apply=logger.wrong_st, parameters={"st": "32"}),
    "split": ReportFault(meaning="hour in two sub-packets", apply=logger.split),
    "restart": ReportFault(meaning="power lost, then 2081", apply=logger.restart),
}
"""All faults by the name that scenarios use."""

__all__ = ["FAULTS", "Fault", "Parameter", "ReportFault", "SampleFault", "Spell"]
