"""``python -m stackwatch``: the same command line without an installed script."""

from stackwatch.cli import main

main()
