"""What a person did that cannot work."""


class UserError(Exception):
    """Wrong usage, a bad file, a busy port, a place that cannot be reached.

    The message is one line that says what was wrong and where; the command line prints it and exits 2.
    """
