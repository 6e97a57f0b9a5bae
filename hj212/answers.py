"""What a receiver sends back 应答: 9014 to data, 9013 to notices, 9011 and 9012 to requests."""

from hj212.encode import message as encode
from hj212.message import Message

SYSTEM = "91"
"""ST of everything that is exchanged between systems 系统交互."""


def data_answer(to: Message) -> bytes:
    """9014 数据应答: the data of this QN have been taken over and need not be sent again."""
    return _answer("9014", to, {})


def notice_answer(to: Message) -> bytes:
    """9013 通知应答, also the answer to a heartbeat."""
    return _answer("9013", to, {})


def request_answer(to: Message, *, qn_rtn: int = 1) -> bytes:
    """9011 请求应答. ``qn_rtn`` 1: ready; for the others see ``hj212.tables.REQUEST_RESULTS``."""
    return _answer("9011", to, {"QnRtn": str(qn_rtn)})


def result(to: Message, *, exe_rtn: int = 1) -> bytes:
    """9012 操作执行结果. ``exe_rtn`` 1: done; for the others see ``hj212.tables.EXECUTION_RESULTS``."""
    return _answer("9012", to, {"ExeRtn": str(exe_rtn)})


def _answer(cn: str, to: Message, other: dict[str, str]) -> bytes:
    version = 0 if to.flag is None else to.flag.version
    return encode(
        qn=to.qn,
        st=SYSTEM,
        cn=cn,
        pw=to.pw or "123456",
        mn=to.mn or "",
        flag=version << 2,
        other=other,
    )
