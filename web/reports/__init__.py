"""The monthly report: one pure model, and the same figures as page, workbook, document and JSON."""
