"""Writes the API's own document to openapi.json here: the front-end's types are made from it, and so never out of date."""

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from augury.models.prices import PriceBook
from augury.server.app import create_app
from augury.server.parts import Parts
from augury.store import open_store

if __name__ == "__main__":
    with TemporaryDirectory() as folder, open_store(f"duckdb:///{folder}/empty.duckdb") as store:
        parts = Parts(store=store, prices=PriceBook.from_file(None), sample=False, now=lambda: datetime.now(UTC))
        app = create_app(parts)
        Path(__file__).with_name("openapi.json").write_text(json.dumps(app.openapi()))
        app.state.ingest.close()
