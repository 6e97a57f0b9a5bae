"""HJ 212 on the wire: editions 2005, 2017 and 2025 side by side, told apart by the version bits of ``Flag``.

Standard library only; SM4 of the 2025 edition comes from ``cryptography`` when it is needed. Nothing here knows limits,
registers or clocks.
"""
