"""The page ``/api/docs``: the interface's description with a viewer that this server brings along.

A bureau's network may reach nothing outside, so the page names no other host. Its scripts are files, and its policy
(``web.access.headers.DOCS``) allows no script that stands in the page.
"""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ASSETS = Path(__file__).parent / "static"
DOCS_PATH = "/api/docs"
VIEWER_PATH = "/assets/swagger-ui"

_PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stackwatch · API</title>
<link rel="icon" href="/assets/favicon.svg">
<link rel="stylesheet" href="{VIEWER_PATH}/swagger-ui.css">
</head>
<body>
<div id="viewer" data-description="/api/openapi.json"></div>
<script src="{VIEWER_PATH}/swagger-ui-bundle.js"></script>
<script src="/assets/api-docs.js"></script>
</body>
</html>
"""


def add_docs(app: FastAPI) -> None:
    """Serve the page, the viewer of the package ``fastapi_swagger``, and our own static files."""
    app.mount(VIEWER_PATH, StaticFiles(packages=[("fastapi_swagger", "resources")]), name="viewer")
    app.mount("/assets", StaticFiles(directory=ASSETS), name="assets")

    @app.get(DOCS_PATH, include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(_PAGE)
