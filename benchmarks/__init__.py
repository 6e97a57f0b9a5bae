"""Speed, measured: ``make bench``. Nothing here is a test; figures are ratios of one run beside the raw numbers."""
