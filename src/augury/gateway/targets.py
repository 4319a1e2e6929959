"""Which provider answers for which model."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from augury.gateway.asked import RESPONSES
from augury.gateway.refusals import Refused
from augury.gateway.translation import Shape
from augury.gateway.upstreams import Api
from augury.models import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from augury.gateway.asked import Route
    from augury.gateway.upstreams import Offer, Upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A model at a provider."""

    upstream: Upstream
    name: str  # as the provider is called with it
    model: str  # canonical
    offer: Offer | None = None  # None: its owner has not listed it

    def speaks(self, route: Route) -> Shape | None:
        """What a request by this route is translated into; None where it goes on as it is."""
        if self.upstream.api is Api.ANTHROPIC:
            return None if route.api is Api.ANTHROPIC else Shape.MESSAGES
        as_it_is = route.api is Api.OPENAI and (route is not RESPONSES or self.upstream.responses)
        return None if as_it_is else Shape.CHAT

    def may_answer(self, route: Route) -> bool:
        """Whether a request by this route can go there at all: a caller's own key only to where it is for."""
        if self.speaks(route) is None:
            return True
        return route.generates and not (self.upstream.callers_key and self.upstream.api is not route.api)


class Targets:
    """Finds targets by the names that callers use."""

    def __init__(self, upstreams: Sequence[Upstream]) -> None:
        self.upstreams = tuple(upstreams)
        self._by_name: dict[str, list[Target]] = {}
        self._by_model: dict[str, list[Target]] = {}
        self._upstream = {upstream.name: upstream for upstream in self.upstreams}
        for target in self.offered():
            self._by_name.setdefault(target.name, []).append(target)
            self._by_model.setdefault(target.model, []).append(target)

    def offered(self) -> Iterator[Target]:
        """Every model that a provider's owner lists, in his order."""
        for upstream in self.upstreams:
            for offer in upstream.offers:
                yield Target(upstream=upstream, name=offer.name, model=offer.model, offer=offer)

    def of_model(self, model: str) -> Sequence[Target]:
        """Who offers a model, by its canonical name, in the owner's order."""
        return self._by_model.get(model, ())

    def find(self, asked: str, api: Api) -> Target:
        """Who answers for a name.

        A provider's alias, then its list, the provider that the name begins with, the model's maker, and last whoever speaks
        what the caller does and has no list of his own.

        Args:
            asked: the name in the request, such as `gpt-4o`, `groq/llama-3.3-70b`.
            api: what the caller speaks: of two providers that have the model, the one goes first that speaks it too.

        Raises:
            Refused: nobody does.
        """
        for upstream in self.upstreams:
            if called := upstream.aliases.get(asked):
                return self._at(upstream, called)
        if found := self._best(self._by_name.get(asked), api):
            return found
        prefix, slash, rest = asked.partition("/")
        if slash and rest and prefix in self._upstream:
            upstream = self._upstream[prefix]
            if not upstream.listed or any(offer.name == rest for offer in upstream.offers):
                return self._at(upstream, rest)
        named = resolve(asked)
        for upstream in self.upstreams:
            if upstream.provider == named.provider and not upstream.listed:
                return self._at(upstream, asked.removeprefix(f"{upstream.provider}/"))
        if found := self._best(self._by_model.get(named.model), api):
            return found
        for upstream in self.upstreams:
            if upstream.api is api and not upstream.listed:
                return self._at(upstream, asked)
        raise Refused(
            HTTPStatus.NOT_FOUND,
            f"no provider of this gateway has the model {asked!r}; GET /v1/models lists what there is, and the gateway's "
            "file (AUGURY_GATEWAY) says who has what",
            code="model_not_found",
            param="model",
        )

    def _best(self, found: Sequence[Target] | None, api: Api) -> Target | None:
        if not found:
            return None
        return next((target for target in found if target.upstream.api is api), found[0])

    def _at(self, upstream: Upstream, name: str) -> Target:
        model = resolve(name).model
        offer = next((offer for offer in upstream.offers if offer.name == name), None)
        return Target(upstream=upstream, name=name, model=model, offer=offer)
