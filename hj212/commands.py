"""Commands 命令编码 (CN) of all editions, as data. To add one: one entry here and a golden packet."""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down", "both"]

ALL = (2005, 2017, 2025)
SINCE_2017 = (2017, 2025)
SINCE_2025 = (2025,)
ONLY_2005 = (2005,)
ONLY_2017 = (2017,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command number and what it is for."""

    cn: str
    name_en: str
    name_zh: str
    direction: Direction
    """``up``: the logger sends it; ``down``: the platform; ``both``: the platform asks, the logger uploads."""
    editions: tuple[int, ...]
    """Editions that have the command; none for what only makers have."""
    uploads_data: bool = False
    """An upload carries values of factors."""
    period: bool = False
    """An upload of it cannot be understood without its DataTime."""
    items: tuple[str, ...] = ()
    """Items of CP that have no suffix, DataTime excepted, in requests and uploads of the command."""


SPAN = ("BeginTime", "EndTime")
"""Items of a request for history."""

DATA, PERIOD = "data", "period"


def _command(
    cn: str,
    name_en: str,
    name_zh: str,
    direction: Direction,
    editions: tuple[int, ...],
    *,
    kind: str | None = None,
    items: tuple[str, ...] = (),
) -> Command:
    return Command(
        cn=cn,
        name_en=name_en,
        name_zh=name_zh,
        direction=direction,
        editions=editions,
        uploads_data=kind is not None,
        period=kind == PERIOD,
        items=items,
    )


_COMMANDS = (
    _command(
        "1000",
        "set time-out and number of retries",
        "设置超时时间及重发次数",
        "down",
        ALL,
        items=("OverTime", "ReCount"),
    ),
    _command("1001", "upload the hardware serial number", "上传设备硬件序列号", "up", SINCE_2025),
    _command("1002", "set the MN", "设置设备唯一标识", "down", SINCE_2025),
    _command(
        "1011", "get or upload the logger's time", "提取/上传现场机时间", "both", ALL, items=("PolId", "SystemTime")
    ),
    _command("1012", "set the logger's time", "设置现场机时间", "down", ALL, items=("PolId", "SystemTime")),
    _command(
        "1013", "the logger asks for its time to be set", "现场机时间校准请求", "up", SINCE_2017, items=("PolId",)
    ),
    _command("1014", "exchange the key", "密钥交换", "both", SINCE_2025, items=("SKCreateTime", "NewSK")),
    _command("1021", "get alarm limits", "提取污染物报警门限值", "both", ONLY_2005),
    _command("1022", "set alarm limits", "设置污染物报警门限值", "down", ONLY_2005),
    _command("1031", "get the upload address", "提取上位机地址", "both", ONLY_2005),
    _command("1032", "set the upload address", "设置上位机地址", "down", ONLY_2005),
    _command("1041", "get the day data's upload time", "提取日数据上报时间", "both", ONLY_2005),
    _command("1042", "set the day data's upload time", "设置日数据上报时间", "down", ONLY_2005),
    _command(
        "1061", "get or upload the real-time interval", "提取/上传实时数据间隔", "both", ALL, items=("RtdInterval",)
    ),
    _command("1062", "set the real-time interval", "设置实时数据间隔", "down", ALL, items=("RtdInterval",)),
    _command(
        "1063",
        "get or upload the minute-data interval",
        "提取/上传分钟数据间隔",
        "both",
        SINCE_2017,
        items=("MinInterval",),
    ),
    _command("1064", "set the minute-data interval", "设置分钟数据间隔", "down", SINCE_2017, items=("MinInterval",)),
    _command("1072", "set the logger's password", "设置现场机密码", "down", ALL, items=("NewPW",)),
    _command("2011", "real-time data", "污染物实时数据", "both", ALL, kind=PERIOD),
    _command("2012", "stop looking at real-time data", "停止察看实时数据", "down", ALL),
    _command("2013", "raw data", "原始数据", "both", SINCE_2025, kind=DATA),
    _command("2021", "running state of equipment", "设备运行状态", "both", ALL),
    _command("2022", "stop looking at the running state", "停止察看设备运行状态", "down", ALL),
    _command("2031", "day data", "污染物日历史数据", "both", ALL, kind=PERIOD, items=SPAN),
    _command("2041", "daily running time of equipment", "设备运行时间日历史数据", "both", ALL, items=SPAN),
    _command("2051", "minute data", "污染物分钟数据", "both", ALL, kind=PERIOD, items=SPAN),
    _command("2052", "single noise data", "单次噪声数据", "both", SINCE_2025, kind=DATA),
    _command("2061", "hour data", "污染物小时数据", "both", ALL, kind=PERIOD, items=SPAN),
    _command(
        "2062", "automatic standard-check and calibration data", "自动标样核查及校准数据", "both", SINCE_2025, kind=DATA
    ),
    _command("2071", "alarm record", "污染物报警记录", "both", ONLY_2005),
    _command("2072", "alarm event", "上传报警事件", "up", ONLY_2005),
    _command("2081", "restart time of the logger", "数采仪开机时间", "up", SINCE_2017, items=("RestartTime",)),
    _command("2111", "five-minute means of the furnace temperature", "炉膛温度5分钟均值", "up", SINCE_2025, kind=DATA),
    _command("3011", "zero and span calibration", "零点校准量程校准", "down", ALL),
    _command("3012", "sample now", "即时采样", "down", ALL),
    _command("3013", "purge", "启动清洗/反吹", "down", SINCE_2017),
    _command("3014", "comparison sampling", "比对采样", "down", ONLY_2017),
    _command("3015", "keep a sample when over the limit; upload of a kept sample", "超标留样", "both", SINCE_2017),
    _command("3016", "set the sampling period", "设置采样时间周期", "down", ONLY_2017),
    _command("3017", "get the sampling period", "提取采样时间周期", "both", ONLY_2017),
    _command("3018", "get the time of sampling", "提取出样时间", "both", SINCE_2017),
    _command("3019", "unique id of the instrument", "提取设备唯一标识", "both", SINCE_2017, items=("PolId",)),
    _command(
        "3020",
        "information of the field machine",
        "提取现场机信息",
        "both",
        SINCE_2017,
        items=("PolId", "InfoId", *SPAN),
    ),
    _command("3021", "set parameters of the field machine", "设置现场机参数", "down", SINCE_2017),
    _command("3022", "keep a sample now", "下发即时留样任务", "down", SINCE_2025),
    _command("3024", "start a standard check", "启动标样核查", "down", SINCE_2025),
    _command("9011", "answer to a request", "请求应答", "up", ALL, items=("QnRtn",)),
    _command("9012", "result of an operation", "操作执行结果", "up", ALL, items=("ExeRtn",)),
    _command("9013", "answer to a notice", "通知应答", "both", ALL),
    _command("9014", "answer to data", "数据应答", "both", ALL),
    _command("9015", "heartbeat", "心跳", "up", SINCE_2025),
    _command("9021", "log-in or heartbeat of some makers, in no edition", "厂商登录/心跳", "up", ()),
)

_OTHERWISE_IN_2005 = (
    _command("1001", "set the alarm time", "设置超限报警时间", "down", ONLY_2005),
    _command("3013", "operate equipment", "设备操作命令", "down", ONLY_2005),
    _command("3014", "set the sampling period of equipment", "设置设备采样时间周期", "down", ONLY_2005),
)

COMMANDS: dict[str, Command] = {command.cn: command for command in _COMMANDS}
"""By number, as the newest edition that has it understands it."""

OTHERWISE_IN_2005: dict[str, Command] = {command.cn: command for command in _OTHERWISE_IN_2005}
"""Numbers that meant something else in the 2005 edition."""


def command_of(cn: str, edition: int) -> Command | None:
    """What a number means in an edition; None where that edition has no such command."""
    command = OTHERWISE_IN_2005.get(cn) if edition == 2005 else None
    command = command or COMMANDS.get(cn)
    return command if command is not None and edition in command.editions else None


def is_known(cn: str) -> bool:
    """Whether any edition, or the field, has the command."""
    return cn in COMMANDS


def uploads_period(cn: str) -> bool:
    """Whether an upload of the command is nothing without its DataTime."""
    return (command := COMMANDS.get(cn)) is not None and command.period
