"""What a translation leaves out, and what it must not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from augury.errors import TranslationError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Ledger:
    """Keeps book of one request's translation.

    What says nothing that the other API could do is left out and written down here with the reason. What would change the
    answer is refused, unless whoever sends it allows it to be left out.
    """

    def __init__(self, expendable: Collection[str] = ()) -> None:
        """`expendable` are names of the request's own fields that may be left out although that changes the answer."""
        self._expendable = frozenset(expendable)
        self.left_out: dict[str, str] = {}  # field → why, in the order in which they were met

    def leave_out(self, field: str, why: str) -> None:
        """Note that a field is not sent on."""
        self.left_out[field] = why

    def object_to(self, field: str, expected: str, came: str) -> None:
        """Refuse a field of the request, or note it where it may be left out.

        Args:
            field: the request's field, or a path that begins with its name.
            expected: what could be translated, as the end of the sentence "expected …".
            came: what came instead, without anything that was said to a model.

        Raises:
            TranslationError: it may not be left out.
        """
        if field.partition(".")[0].partition("[")[0] not in self._expendable:
            raise refusal(field, expected, came)
        self.leave_out(field, f"allowed to be left out; {expected} could have been sent on")

    def sort_out(
        self,
        body: Mapping[str, Any],
        *,
        read: Collection[str],
        harmless: Mapping[str, str],
        neutral: Mapping[str, object],
        whose: str,
    ) -> dict[str, Any]:
        """The fields of a request that have a translation; null is the same as left out.

        Args:
            body: the request.
            read: the fields that the caller translates.
            harmless: fields that may always be left out, and why.
            neutral: fields that may be left out while they have this value, which changes nothing.
            whose: the API whose words the request is in.

        Raises:
            TranslationError: another field is given.
        """
        fields: dict[str, Any] = {}
        for name, value in body.items():
            if value is None:
                continue
            if name in read:
                fields[name] = value
            elif name in harmless:
                self.leave_out(name, harmless[name])
            elif name not in neutral:
                self.object_to(name, f"a field of {whose} that has a translation", "one that has none")
            elif value != neutral[name]:
                self.object_to(
                    name, f"{neutral[name]!r}, or nothing: the other API has no such setting", "another value"
                )
        return fields


def refusal(field: str, expected: str, came: str) -> TranslationError:
    """What to raise where something cannot be translated."""
    return TranslationError(field, expected, told=came)
