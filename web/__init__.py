"""What people and other programs see: the HTTP interface and the pages, over the stores and the alert database."""
