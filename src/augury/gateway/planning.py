"""Who is to answer a request: the model that its caller names, and who stands in for it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from augury.core.calls import SelectedBy
from augury.gateway.refusals import Refused
from augury.gateway.targets import Target, Targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from augury.gateway.asked import Asked
    from augury.gateway.calling import Trial
    from augury.gateway.configuration import Configuration
    from augury.gateway.logical import Logical

_NOTHING = (
    "this gateway has no provider yet: start the server with OPENAI_API_KEY or ANTHROPIC_API_KEY set, or name a file of "
    "providers by AUGURY_GATEWAY"
)


@dataclass(slots=True, kw_only=True)
class Plan:
    """Targets in the order in which they are asked, and what is said of the choice."""

    targets: Sequence[Target]
    selected_by: SelectedBy = SelectedBy.CALLER

    def told(self, logical: Logical, trial: Trial | None = None) -> Mapping[str, object]:
        """Our headers, without their prefix."""
        target = self.targets[0] if trial is None else trial.target
        return {
            "message-id": logical.message_id,
            "model": target.name,
            "provider": target.upstream.name,
            "selected-by": self.selected_by,
            "attempts": logical.attempts or None,
        }

    def __iter__(self) -> Iterator[Target]:
        return iter(self.targets)

    def __getitem__(self, place: int) -> Target:
        return self.targets[place]


class Planner:
    """Makes plans."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.targets = Targets(configuration.upstreams)

    def plan(self, asked: Asked, logical: Logical) -> Plan:
        """Say who is to answer.

        Raises:
            Refused: nobody can.
        """
        if not self.targets.upstreams:
            raise Refused(HTTPStatus.NOT_IMPLEMENTED, _NOTHING, code="no_provider")
        api = asked.route.api
        first = self.targets.find(asked.model, api)
        if first.upstream.api is not api:
            raise Refused(
                HTTPStatus.BAD_REQUEST, f"{first.upstream.name} speaks another API than this route", param="model"
            )
        logical.selected_by = SelectedBy.CALLER
        others = [self.targets.find(name, api) for name in self._configuration.fallbacks.get(first.model, ())]
        return Plan(targets=[first, *(other for other in others if other.upstream.api is api)])
