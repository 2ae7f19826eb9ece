"""Every item of a table, page by page, as changes whose time is not known."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from infrastructure.dynamodb.change_feed.table_stream import ItemPage, TableStream
from infrastructure.dynamodb.items import Item
from infrastructure.subscriptions.change_reader import ChangeKind, TableChange, Turn


class Scan:
    """Goes through a table from its beginning, or after a key. Keys are text or numbers."""

    def __init__(self, stream: TableStream, keys: Sequence[str], after: Item | None = None) -> None:
        self.is_done = False
        self._stream = stream
        self._keys = keys
        self._after = after
        self._page: ItemPage | None = None

    def poll(self) -> Turn[Item]:
        """The next page. The one before is handled."""
        if self._page is not None:
            self._after = self._page.following
            self.is_done = self._after is None
        self._page = None if self.is_done else self._stream.items(self._after)
        items = self._page.items if self._page else ()
        return Turn([TableChange(ChangeKind.PRESENT, item) for item in items])

    def entry(self, handled: int) -> str | None:
        """The part of a checkpoint that says after which key to go on. None: the scan is done."""
        after = self._after
        if self._page is not None and handled == len(self._page.items):
            if self._page.following is None:
                return None
            after = self._page.following
        elif self._page is not None and handled:
            last = self._page.items[handled - 1]
            after = {name: last[name] for name in self._keys}
        return orjson.dumps(after).decode()

    @classmethod
    def of_entry(cls, stream: TableStream, keys: Sequence[str], entry: str) -> Scan:
        """The scan that goes on from a checkpoint."""
        return cls(stream, keys, orjson.loads(entry))
