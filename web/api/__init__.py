"""The HTTP interface under ``/api/v1``: what other programs hold on to. Fields are only ever added."""
