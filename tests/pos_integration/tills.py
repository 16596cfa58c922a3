"""What a till would send: one valid basket, changed where the test cares."""

import json
from typing import Any

from pos_integration import ingest, keeping
from pos_integration.models import Store, Terminal, Upload
from tests import make

OATS = "5012345678900"
STORE = "330"


def open_store(*, tills: int = 1, collector: bool = False, **fields: str) -> Terminal:
    """Open store 330 with its tills numbered from 1; returns the first."""
    store = make.store(STORE)
    Store.objects.filter(pk=store.pk).update(**fields)
    store.refresh_from_db()
    first, *_ = [
        Terminal.objects.create(store=store, number=number + 1, is_collector=collector)
        for number in range(tills)
    ]
    return first


def line(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"line": number, "code": OATS, "quantity": "1", "amount": "2.00", **changes}


def basket(receipt: str = "1001", **changes: Any) -> dict[str, Any]:
    """A sale of one oat drink at till 1; a change to None leaves the field out."""
    said = {
        "store": STORE,
        "till": 1,
        "business_date": "2026-03-05",
        "receipt": receipt,
        "lines": [line()],
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def body(*baskets: dict[str, Any]) -> bytes:
    return json.dumps({"baskets": baskets}).encode()


def send(terminal: Terminal, *baskets: dict[str, Any]) -> Upload:
    """Hand over and load."""
    return send_bytes(terminal, body(*baskets))


def send_bytes(terminal: Terminal, content: bytes, media_type: str = "application/json") -> Upload:
    upload, _ = keeping.accept(terminal, content, media_type)
    return ingest.load(upload.pk)


def outcome(upload: Upload) -> tuple[int, int, int]:
    """Accepted, duplicates, rejected."""
    return upload.accepted, upload.duplicates, upload.rejected
