"""`GET /v1/models`: what there is to call, in the shape of whoever asks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from augury.core.tasks import Priority
from augury.gateway.asked import AUTO
from augury.gateway.refusals import Refused
from augury.gateway.upstreams import Api
from augury.models import display_name
from augury.recommend.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.gateway.configuration import Configuration
    from augury.gateway.targets import Targets

_OURS: Final = "augury"


class Listing:
    """Lists every model offered, and `auto` before them."""

    def __init__(self, configuration: Configuration, targets: Targets) -> None:
        self._entries: dict[str, tuple[str, str, datetime]] = {}  # name → its owner, how it is shown, since when
        if configuration.upstreams:
            since = datetime(2026, 1, 1, tzinfo=UTC)
            for name in (AUTO, *(f"{AUTO}:{priority}" for priority in Priority)):
                self._entries[name] = _OURS, f"Augury's choice ({name})", since
        catalogue = Catalogue.bundled()
        for target in targets.offered():
            known = catalogue.get(target.model)
            released = known.released if known else datetime(2026, 1, 1, tzinfo=UTC).date()
            since = datetime(released.year, released.month, released.day, tzinfo=UTC)
            self._entries.setdefault(target.name, (target.upstream.name, display_name(target.model), since))

    def answer(self, name: str, api: Api) -> bytes:
        """The list, or one entry of it.

        Raises:
            Refused: there is no such model.
        """
        shape = _anthropic if api is Api.ANTHROPIC else _openai
        if name:
            if name not in self._entries:
                raise Refused(
                    HTTPStatus.NOT_FOUND, f"there is no model {name!r} here", code="model_not_found", param="model"
                )
            return json.dumps(shape(name, *self._entries[name])).encode()
        data = [shape(model, *entry) for model, entry in self._entries.items()]
        said: dict[str, Any] = {"data": data}
        if api is Api.ANTHROPIC:
            names = list(self._entries)
            said |= {
                "has_more": False,
                "first_id": names[0] if names else None,
                "last_id": names[-1] if names else None,
            }
        else:
            said = {"object": "list", **said}
        return json.dumps(said).encode()


def _openai(name: str, owner: str, _: str, since: datetime) -> Mapping[str, object]:
    return {"id": name, "object": "model", "created": int(since.timestamp()), "owned_by": owner}


def _anthropic(name: str, _: str, shown: str, since: datetime) -> Mapping[str, object]:
    return {"type": "model", "id": name, "display_name": shown, "created_at": since.isoformat().replace("+00:00", "Z")}
