"""The items of a realtime conversation, and what they are as the messages of a chat."""

from __future__ import annotations

import uuid
from typing import Any, cast

from lab.providers.controls import BadRequest


class Conversation:
    """Items in their order."""

    def __init__(self) -> None:
        self._items: list[dict[str, Any]] = []

    def new_id(self) -> str:
        return f"item_{uuid.uuid4().hex[:21]}"

    def create(self, item: dict[str, Any], after: Any) -> tuple[dict[str, Any], str | None]:
        """Put an item behind that with the id `after`, at the beginning for "root", at the end for None.

        Gives it as the wire shows it, and the id of the item before it. Raises BadRequest.
        """
        if item.get("type") not in ("message", "function_call", "function_call_output"):
            raise BadRequest(f'"item.type": "{item.get("type")}" is none of message, function_call, …_output')
        item = {"object": "realtime.item", "status": "completed", **item, "id": item.get("id") or self.new_id()}
        if self._find(item["id"]) is not None:
            raise BadRequest(f'item "{item["id"]}" is there already')
        place = len(self._items)
        if after == "root":
            place = 0
        elif after is not None:
            before = self._find(str(after))
            if before is None:
                raise BadRequest(f'"previous_item_id": there is no item "{after}"')
            place = before + 1
        self._items.insert(place, item)
        return item, self._items[place - 1]["id"] if place else None

    def heard(self, item_id: str, text: str) -> tuple[dict[str, Any], str | None]:
        """What the caller said, as `create` gives it: the wire's item has no words yet."""
        content = {"type": "input_audio", "transcript": text}
        item, previous = self.create({"type": "message", "id": item_id, "role": "user", "content": [content]}, None)
        return {**item, "content": [{"type": "input_audio", "transcript": None}]}, previous

    def delete(self, item_id: str) -> None:
        """Raises BadRequest."""
        place = self._find(item_id)
        if place is None:
            raise BadRequest(f'there is no item "{item_id}"')
        del self._items[place]

    def messages(self, instructions: str, extra: str) -> list[dict[str, Any]]:
        """The conversation in chat-completions form. `extra` are orders for this response alone."""
        messages: list[dict[str, Any]] = [{"role": "system", "content": instructions}]
        messages += [_message(item) for item in self._items]
        return [*messages, {"role": "developer", "content": extra}] if extra else messages

    def _find(self, item_id: str) -> int | None:
        return next((place for place, item in enumerate(self._items) if item["id"] == item_id), None)


def _message(item: dict[str, Any]) -> dict[str, Any]:
    if item["type"] == "function_call":
        function = {"name": item.get("name"), "arguments": item.get("arguments")}
        call = {"id": item.get("call_id"), "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if item["type"] == "function_call_output":
        return {"role": "tool", "tool_call_id": item.get("call_id"), "content": item.get("output")}
    parts = [mapping(part) for part in item.get("content") or ()]
    text = " ".join(str(part.get("text") or part.get("transcript") or "") for part in parts)
    return {"role": item.get("role"), "content": text.strip()}


def mapping(value: Any) -> dict[str, Any]:
    """`value` where it is an object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
