"""What a request comes to: what goes upstream for it, and with whom it may share an answer.

    body ─▶ read ─▶ the same as others? ─▶ cheaper? ─▶ usage asked for? ─▶ plan
            asked   sameness               economy     usage_asking

A generation's body is decoded once for all who look into it, and only if somebody does. Where nothing
is edited, what goes out are the client's own bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass, replace

import trio

from trioproxy.desk import Desk
from trioproxy.model import Arrival, Asked, Plan, Saving
from trioproxy.providers import SPEAKERS
from trioproxy.providers.asking import READ_BYTES, plain
from trioproxy.providers.base import Kind, Operation
from trioproxy.providers.economy import economised
from trioproxy.providers.likeness import read_to_compare
from trioproxy.providers.plan import plan
from trioproxy.providers.sameness import Sameness, sameness, shareable
from trioproxy.providers.usage_asking import with_usage_asked
from trioproxy.rules.cache_state import SessionKey, session_key
from trioproxy.rules.clients import session as session_id
from trioproxy.rules.routes import Route
from trioproxy.wire.credentials import owner
from trioproxy.wire.headers import coding, fields, first_fields


@dataclass(frozen=True, slots=True)
class Order:
    """One request, read and decided upon."""

    place: Route
    operation: Operation
    plan: Plan
    asked: Asked
    # None where its answer is nobody else's.
    sameness: Sameness | None = None
    # What is sent in place of the client's model, and what was done for it to cost less.
    model_sent: str | None = None
    savings: tuple[Saving, ...] = ()
    # Of the provider's prompt cache; None where nobody asks for it.
    session_key: SessionKey | None = None
    # The usage was asked for in the client's place: its event is for us alone.
    usage_added: bool = False


def order(
    desk: Desk, arrival: Arrival, place: Route, operation: Operation, body: bytes | AsyncIterable[bytes] | None
) -> Order:
    """Read a request and decide on it; nothing happens yet.

    Args:
        body: of a generation whole; of anything else as it comes.
    """
    if isinstance(body, bytes):
        return _generation(desk, arrival, place, operation, body)
    provider = desk.providers[place.provider]
    outgoing = plan(arrival, place, operation, base_url=provider.base_url, ca_file=provider.ca_file, body=body)
    return Order(place, operation, outgoing, Asked())


def _generation(desk: Desk, arrival: Arrival, place: Route, operation: Operation, body: bytes) -> Order:
    provider, reuse, routing = desk.providers[place.provider], desk.reuse, desk.routing
    said = fields(arrival.headers)
    codings = coding(said.get(b"content-encoding"))
    asks_usage = provider.include_usage and operation.kind is Kind.CHAT and not codings
    readable = plain(body, codings) if reuse is not None or routing is not None or asks_usage else None
    shares = reuse is not None and readable is not None and shareable(said, operation, readable, reuse.settings)
    found = None
    if readable is not None and len(readable) <= READ_BYTES and (shares or routing is not None or asks_usage):
        found = read_to_compare(operation.kind, readable)
    asked = SPEAKERS[provider.dialect].read_request(
        operation, body, desk.preview_chars, content_encoding=codings, found=found
    )
    value = found.value if found is not None else None
    same = session = cheaper = asking = None
    if reuse is not None and shares:
        same = sameness(reuse.key, arrival, said, place, operation, found, reuse.settings)
    if routing is not None:
        session = session_key(value, session_id(first_fields(arrival.headers)), owner(routing.key, arrival.headers))
        cheaper = economised(
            operation.kind,
            body,
            found,
            arrival.headers,
            routing.settings,
            coding=codings,
            cache=routing.caches.look(session, trio.current_time()),
            input_tokens=asked.input_estimate,
        )
        body = cheaper.body
        if cheaper.headers is not arrival.headers:
            arrival = replace(arrival, headers=cheaper.headers)
    if asks_usage:
        asking = with_usage_asked(body, value)
        body = asking or body
    return Order(
        place,
        operation,
        plan(arrival, place, operation, base_url=provider.base_url, ca_file=provider.ca_file, body=body),
        asked,
        sameness=same,
        model_sent=(cheaper.model if cheaper is not None else None) or asked.model,
        savings=cheaper.savings if cheaper is not None else (),
        session_key=session,
        usage_added=asking is not None,
    )
