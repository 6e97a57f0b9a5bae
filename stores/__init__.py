"""Time series and judged hours behind one port; one file per engine."""
