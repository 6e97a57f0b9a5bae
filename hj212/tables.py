"""Code tables of HJ 212 as data, with names in both languages.

Units are those the standards print; loggers send others (pressure in Pa, flow in m³/h), so a unit here is a hint and
never a conversion.
"""

from dataclasses import dataclass

SYSTEMS: dict[str, tuple[str, str]] = {
    "21": ("surface water quality", "地表水质量监测"),
    "22": ("ambient air quality", "空气质量监测"),
    "23": ("noise", "声环境质量监测"),
    "24": ("ground water quality", "地下水质量监测"),
    "25": ("soil quality", "土壤质量监测"),
    "26": ("sea water quality", "海水质量监测"),
    "27": ("volatile organic compounds", "挥发性有机物监测"),
    "31": ("stack emissions", "大气环境污染源"),
    "32": ("waste water", "地表水体环境污染源"),
    "33": ("ground water sources", "地下水体环境污染源"),
    "34": ("marine sources", "海洋环境污染源"),
    "35": ("soil sources", "土壤环境污染源"),
    "36": ("noise sources", "声环境污染源"),
    "37": ("vibration sources", "振动环境污染源"),
    "38": ("radioactive sources", "放射性环境污染源"),
    "39": ("construction dust", "工地扬尘污染源"),
    "41": ("electromagnetic sources", "电磁环境污染源"),
    "44": ("electricity of plants", "用电监测"),
    "45": ("key production conditions", "关键工况参数"),
    "51": ("flue-gas treatment process", "烟气排放过程监控"),
    "52": ("waste-water treatment process", "污水排放过程监控"),
    "91": ("interaction of systems", "系统交互"),
}
"""ST 系统编码."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One measured quantity 监测因子."""

    code: str
    """Code of 2017 and 2025."""
    code_2005: str | None
    name_en: str
    name_zh: str
    unit: str
    unit_2005: str | None = None
    """None: the 2005 edition has no such code or prints no unit."""


_FACTORS: tuple[tuple[str, str | None, str, str, str, str | None], ...] = (
    ("a34013", "01", "particulate matter", "颗粒物", "mg/m³", "mg/m³"),
    ("a21026", "02", "sulphur dioxide", "二氧化硫", "mg/m³", "mg/m³"),
    ("a21002", "03", "nitrogen oxides (as NO2)", "氮氧化物", "mg/m³", "mg/m³"),
    ("a21005", "04", "carbon monoxide", "一氧化碳", "mg/m³", "mg/m³"),
    ("a21018", "06", "hydrogen fluoride", "氟化氢", "mg/m³", "mg/m³"),
    ("a21024", "08", "hydrogen chloride", "氯化氢", "mg/m³", "mg/m³"),
    ("a21001", "10", "ammonia", "氨", "mg/m³", "mg/m³"),
    ("a24088", "25", "non-methane hydrocarbons", "非甲烷总烃", "mg/m³", "mg/m³"),
    ("a05001", "30", "carbon dioxide", "二氧化碳", "mg/m³", None),
    ("a20057", "31", "mercury", "汞", "mg/m³", None),
    ("a21003", None, "nitric oxide", "一氧化氮", "mg/m³", None),
    ("a21004", None, "nitrogen dioxide", "二氧化氮", "mg/m³", None),
    ("a19001", "S01", "oxygen", "氧含量", "%", "%"),
    ("a01011", "S02", "flue-gas velocity", "烟气流速", "m/s", "m/s"),
    ("a01012", "S03", "flue-gas temperature", "烟气温度", "°C", "°C"),
    ("a01017", "S04", "dynamic pressure", "烟气动压", "kPa", "MPa"),
    ("a01014", "S05", "flue-gas moisture", "烟气湿度", "%", "%"),
    ("a01016", "S07", "duct area", "烟道截面积", "m²", "m²"),
    ("a01013", "S08", "flue-gas pressure", "烟气压力", "kPa", "MPa"),
    ("a00000", "B02", "flue-gas flow", "烟气流量", "m³/s", None),
)

FACTORS: dict[str, Factor] = {
    code: Factor(code=code, code_2005=old, name_en=en, name_zh=zh, unit=unit, unit_2005=unit_old)
    for code, old, en, zh, unit, unit_old in _FACTORS
}

_TO_2017: dict[str, str] = {factor.code_2005: code for code, factor in FACTORS.items() if factor.code_2005 is not None}
TO_2005: dict[str, str] = {new: old for old, new in _TO_2017.items()}


def to_2017(code: str) -> str:
    """The 2017 code of a factor; a code that no table has comes back as it is (R4)."""
    return _TO_2017.get(code, code)


SUFFIXES: dict[str, tuple[str, str]] = {
    "Rtd": ("real-time value", "实时采样数据"),
    "ZsRtd": ("real-time value at reference oxygen", "实时折算数据"),
    "Min": ("minimum of the period", "时段最小值"),
    "Avg": ("mean of the period", "时段平均值"),
    "Max": ("maximum of the period", "时段最大值"),
    "ZsMin": ("minimum at reference oxygen", "时段折算最小值"),
    "ZsAvg": ("mean at reference oxygen", "时段折算平均值"),
    "ZsMax": ("maximum at reference oxygen", "时段折算最大值"),
    "Cou": ("amount of the period", "时段累计值"),
    "Flag": ("state of the value", "数据标记"),
    "EFlag": ("maker's own state", "设备标志"),
    "SampleTime": ("time of sampling", "采样时间"),
    "RS": ("running state of equipment", "设备运行状态"),
    "RT": ("running time of equipment", "设备运行时间"),
}
"""Suffixes of keys; loggers add their own, which are kept."""

FLAGS: dict[int, dict[str, tuple[str, str]]] = {
    2005: {
        "N": ("normal", "正常"),
        "F": ("source stopped", "排放源停运"),
        "M": ("maintenance", "维护"),
        "S": ("set value", "设定值"),
        "D": ("instrument fault", "故障"),
        "C": ("calibrating", "校准"),
        "T": ("over range", "超测量上限"),
        "P": ("power failure", "电源故障"),
    },
    2017: {
        "N": ("normal", "正常"),
        "F": ("instrument out of service", "监测仪停运"),
        "M": ("maintenance", "维护期间产生的数据"),
        "S": ("entered by hand", "手工输入的设定值"),
        "D": ("instrument fault", "监测仪故障"),
        "C": ("calibrating", "监测仪校准"),
        "T": ("over the measuring range", "超过测量上限"),
        "B": ("no link between instrument and logger", "监测仪与数采仪通讯异常"),
    },
}
FLAGS[2025] = FLAGS[2017]
"""Letters of the 2025 edition could not be checked; those of 2017 are used."""

EQUIPMENT_STATES: dict[str, tuple[str, str]] = {
    "0": ("off", "关闭"),
    "1": ("running", "运行"),
    "2": ("calibrating", "校准"),
    "3": ("under maintenance", "维护"),
    "4": ("alarm", "报警"),
    "5": ("purging", "反吹"),
}
"""Values of ``SBn-RS`` (2021)."""

REQUEST_RESULTS: dict[str, tuple[str, str]] = {
    "1": ("ready", "准备执行请求"),
    "2": ("refused", "请求被拒绝"),
    "3": ("wrong password", "PW错误"),
    "4": ("wrong MN", "MN错误"),
    "5": ("wrong ST", "ST错误"),
    "6": ("wrong Flag", "Flag错误"),
    "7": ("wrong QN", "QN错误"),
    "8": ("wrong CN", "CN错误"),
    "9": ("wrong checksum", "CRC校验错误"),
    "100": ("unknown error", "未知错误"),
}
"""QnRtn 请求命令返回."""

EXECUTION_RESULTS: dict[str, tuple[str, str]] = {
    "1": ("done", "执行成功"),
    "2": ("failed", "执行失败"),
    "3": ("failed for a missing condition", "条件不满足"),
    "4": ("timed out", "通讯超时"),
    "5": ("busy", "系统繁忙"),
    "6": ("system fault", "系统故障"),
    "100": ("no data", "没有数据"),
}
"""ExeRtn 执行结果定义."""
