"""One common way to write a proxy with FastAPI and httpx: one shared client, a StreamingResponse, a background close.

    python -m uvicorn --app-dir … fastapi_proxy:app

It runs in a virtual environment of its own (`targets/fastapi.toml`), where this project is not.
"""

# Somebody else's proxy, as it were: started as a process of its own, held to none of this project's rules.
# ruff: noqa: D103, S113

from __future__ import annotations

import os

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

NOT_FORWARDED = {"host", "connection", "content-length", "transfer-encoding", "keep-alive", "te", "upgrade"}
NOT_RETURNED = {"connection", "keep-alive", "transfer-encoding"}

app = FastAPI()
client = httpx.AsyncClient(
    base_url=os.environ["LAB_UPSTREAM"],
    timeout=None,
    limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
)


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def relay(path: str, request: Request) -> StreamingResponse:
    outgoing = client.build_request(
        request.method,
        f"/{path}",
        params=request.query_params,
        headers=[(name, value) for name, value in request.headers.items() if name not in NOT_FORWARDED],
        content=await request.body(),
    )
    upstream = await client.send(outgoing, stream=True)
    return StreamingResponse(
        upstream.aiter_raw(),
        status_code=upstream.status_code,
        headers={name: value for name, value in upstream.headers.items() if name not in NOT_RETURNED},
        background=BackgroundTask(upstream.aclose),
    )
