"""Commands 命令编码 (CN) of all editions, as data. To add one: one entry here and a golden packet."""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down", "both"]

ALL = (2005, 2017, 2025)
SINCE_2017 = (2017, 2025)
SINCE_2025 = (2025,)
ONLY_2005 = (2005,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command number and what it is for."""

    cn: str
    name_en: str
    name_zh: str
    direction: Direction
    """``up``: the logger sends it; ``down``: the platform; ``both``: the platform asks, the logger uploads."""
    editions: tuple[int, ...] = ALL
    uploads_data: bool = False
    """An upload carries values of factors."""
    period: bool = False
    """An upload of it cannot be understood without its DataTime."""
    items: tuple[str, ...] = ()
    """Items of CP that have no suffix, DataTime excepted, in requests and uploads of the command."""


_ROWS: tuple[tuple[str, str, str, Direction, tuple[int, ...]], ...] = (
    ("1000", "set time-out and number of retries", "设置超时时间及重发次数", "down", ALL),
    ("1001", "upload the hardware serial number", "上传设备硬件序列号", "up", SINCE_2025),
    ("1002", "set the MN", "设置设备唯一标识", "down", SINCE_2025),
    ("1011", "get or upload the logger's time", "提取/上传现场机时间", "both", ALL),
    ("1012", "set the logger's time", "设置现场机时间", "down", ALL),
    ("1013", "the logger asks for its time to be set", "现场机时间校准请求", "up", SINCE_2017),
    ("1014", "exchange the key", "密钥交换", "both", SINCE_2025),
    ("1021", "get alarm limits", "提取污染物报警门限值", "both", ONLY_2005),
    ("1022", "set alarm limits", "设置污染物报警门限值", "down", ONLY_2005),
    ("1031", "get the upload address", "提取上位机地址", "both", ONLY_2005),
    ("1032", "set the upload address", "设置上位机地址", "down", ONLY_2005),
    ("1041", "get the day data's upload time", "提取日数据上报时间", "both", ONLY_2005),
    ("1042", "set the day data's upload time", "设置日数据上报时间", "down", ONLY_2005),
    ("1061", "get or upload the real-time interval", "提取/上传实时数据间隔", "both", ALL),
    ("1062", "set the real-time interval", "设置实时数据间隔", "down", ALL),
    ("1063", "get or upload the minute-data interval", "提取/上传分钟数据间隔", "both", SINCE_2017),
    ("1064", "set the minute-data interval", "设置分钟数据间隔", "down", SINCE_2017),
    ("1072", "set the logger's password", "设置现场机密码", "down", ALL),
    ("2011", "real-time data", "污染物实时数据", "both", ALL),
    ("2012", "stop looking at real-time data", "停止察看实时数据", "down", ALL),
    ("2013", "raw data", "原始数据", "both", SINCE_2025),
    ("2021", "running state of equipment", "设备运行状态", "both", ALL),
    ("2022", "stop looking at the running state", "停止察看设备运行状态", "down", ALL),
    ("2031", "day data", "污染物日历史数据", "both", ALL),
    ("2041", "daily running time of equipment", "设备运行时间日历史数据", "both", ALL),
    ("2051", "minute data", "污染物分钟数据", "both", ALL),
    ("2052", "single noise data", "单次噪声数据", "both", SINCE_2025),
    ("2061", "hour data", "污染物小时数据", "both", ALL),
    ("2062", "automatic standard-check and calibration data", "自动标样核查及校准数据", "both", SINCE_2025),
    ("2071", "alarm record", "污染物报警记录", "both", ONLY_2005),
    ("2072", "alarm event", "上传报警事件", "up", ONLY_2005),
    ("2081", "restart time of the logger", "数采仪开机时间", "up", SINCE_2017),
    ("2111", "five-minute furnace temperature", "炉膛温度五分钟数据", "both", SINCE_2025),
    ("3011", "zero and span calibration", "零点校准量程校准", "down", ALL),
    ("3012", "sample now", "即时采样", "down", ALL),
    ("3013", "purge", "启动清洗/反吹", "down", ALL),
    ("3014", "comparison sampling", "比对采样", "down", ALL),
    ("3015", "keep a sample", "超标留样", "both", SINCE_2017),
    ("3016", "set the sampling period", "设置采样时间周期", "down", SINCE_2017),
    ("3017", "get the sampling period", "提取采样时间周期", "both", SINCE_2017),
    ("3018", "get the time of sampling", "提取出样时间", "both", SINCE_2017),
    ("3019", "unique id of the instrument", "提取设备唯一标识", "both", SINCE_2017),
    ("3020", "information of the field machine", "提取现场机信息", "both", SINCE_2017),
    ("3021", "set parameters of the field machine", "设置现场机参数", "down", SINCE_2017),
    ("3022", "field machine control", "现场机控制", "down", SINCE_2025),
    ("3024", "start a standard check", "启动标样核查", "down", SINCE_2025),
    ("9011", "answer to a request", "请求应答", "up", ALL),
    ("9012", "result of an operation", "操作执行结果", "up", ALL),
    ("9013", "answer to a notice", "通知应答", "both", ALL),
    ("9014", "answer to data", "数据应答", "both", ALL),
    ("9015", "heartbeat", "心跳", "up", SINCE_2025),
    ("9021", "log-in or heartbeat of some makers, in no edition", "厂商登录/心跳", "up", ALL),
)

_PERIODS = frozenset({"2011", "2031", "2051", "2061"})
_DATA = _PERIODS | {"2013", "2052", "2062", "2111"}

_SPAN = ("BeginTime", "EndTime")

_ITEMS: dict[str, tuple[str, ...]] = {
    "1000": ("OverTime", "ReCount"),
    "1011": ("PolId", "SystemTime"),
    "1012": ("PolId", "SystemTime"),
    "1013": ("PolId",),
    "1061": ("RtdInterval",),
    "1062": ("RtdInterval",),
    "1063": ("MinInterval",),
    "1064": ("MinInterval",),
    "1072": ("NewPW",),
    "2031": _SPAN,
    "2041": _SPAN,
    "2051": _SPAN,
    "2061": _SPAN,
    "2081": ("RestartTime",),
    "3019": ("PolId",),
    "3020": ("PolId", "InfoId", *_SPAN),
    "9011": ("QnRtn",),
    "9012": ("ExeRtn",),
}

COMMANDS: dict[str, Command] = {
    cn: Command(
        cn=cn,
        name_en=name_en,
        name_zh=name_zh,
        direction=direction,
        editions=editions,
        uploads_data=cn in _DATA,
        period=cn in _PERIODS,
        items=_ITEMS.get(cn, ()),
    )
    for cn, name_en, name_zh, direction, editions in _ROWS
}


def is_known(cn: str) -> bool:
    """Whether any edition, or the field, has the command."""
    return cn in COMMANDS


def uploads_period(cn: str) -> bool:
    """Whether an upload of the command is nothing without its DataTime."""
    return cn in _PERIODS
