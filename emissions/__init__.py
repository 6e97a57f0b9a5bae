"""What the standards and notices say about emissions, as pure functions (rules R1 to R23).

No I/O, no clock, no framework: time is an argument, decisions are data with a reason.
"""
