"""From the feed to hours, rates and findings: the pure folds put together, and the Faust agents around them.

``judge.py`` and ``supervise.py`` know no service. ``held.py``, ``checkpoint.py`` and ``output.py`` keep what is
promised: nothing is acknowledged before all that followed from it is safe.
"""
