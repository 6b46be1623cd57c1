"""What every engine does: map a task over items, and give the results back in the order of the items."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Item = TypeVar("Item")
Result = TypeVar("Result")
ItemIn_contra = TypeVar("ItemIn_contra", contravariant=True)
ResultOut_co = TypeVar("ResultOut_co", covariant=True)


class Task(Protocol, Generic[ItemIn_contra, ResultOut_co]):
    """A pure function over items with state that is prepared once per worker. It is pickled to reach the workers."""

    @abstractmethod
    def ground(self) -> Mapping[str, str]:
        """Digests by name of what the task reads besides its items, as it lies on this machine; needs no `prepare`.

        An engine of several machines asks on both sides: where they differ, a result would be another one.
        """

    @abstractmethod
    def prepare(self) -> None:
        """Build whatever the calls share (compiled templates, validators); runs once in each worker."""

    @abstractmethod
    def __call__(self, item: ItemIn_contra, /) -> ResultOut_co:
        """The result for one item; never raises for what is wrong with the item itself."""

    @abstractmethod
    def lost(self, item: ItemIn_contra, reason: str, /) -> ResultOut_co:
        """The result for an item that killed its worker, or took longer than the engine allows."""


class Engine(Protocol):
    """Maps tasks over items. Which engine is used never changes a result, nor the order of results."""

    @abstractmethod
    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """Results of `task` for `items`, lazily and in their order; holds no more than a few chunks at once."""
