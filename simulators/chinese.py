"""Numbers in Chinese, for plainly invented names such as 示例二十三号热电."""

_DIGITS = "零一二三四五六七八九"


def numeral(number: int) -> str:
    """A whole number from 0 to 999 as it is read aloud: 23 is 二十三, 105 is 一百零五."""
    if not 0 <= number <= 999:
        raise ValueError(f"{number} is not between 0 and 999")
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += "十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十"
    elif hundreds and ones:
        text += "零"
    if ones or not text:
        text += _DIGITS[ones]
    return text
