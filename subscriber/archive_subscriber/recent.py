"""A memory for identifiers that does not grow without end."""

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Remembers a value for each of the last so many identifiers."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: dict[str, Value] = {}

    def remember(self, id: str, value: Value) -> None:
        self.forget(id)
        self._values[id] = value
        if len(self._values) > self._limit:
            self.forget(next(iter(self._values)))

    def recall(self, id: str) -> Value | None:
        return self._values.get(id)

    def forget(self, id: str) -> Value | None:
        return self._values.pop(id, None)

    def __contains__(self, id: str) -> bool:
        return id in self._values
