"""Speaks the Model Context Protocol with a server by the client of the package `mcp`: over HTTP (`URL KEY`), or with a
program on standard input and output (`-- PROGRAM ARGUMENT…`). Prints what it was told as JSON."""

import asyncio
import json
import sys
from contextlib import asynccontextmanager

import httpx2
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client


@asynccontextmanager
async def over_http(url, key):
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as client:
        async with streamable_http_client(url, http_client=client) as streams:
            yield streams[0], streams[1]


def dumped(thing):
    return thing.model_dump(mode="json", by_alias=True, exclude_none=True)


async def main():
    if sys.argv[1] == "--":
        transport = stdio_client(StdioServerParameters(command=sys.argv[2], args=sys.argv[3:]))
    else:
        transport = over_http(sys.argv[1], sys.argv[2])
    calls = json.load(sys.stdin) if not sys.stdin.isatty() else []
    async with transport as (read, write):
        async with ClientSession(read, write) as session:
            told = {"initialize": dumped(await session.initialize())}
            told["tools"] = dumped(await session.list_tools())["tools"]
            told["prompts"] = dumped(await session.list_prompts())["prompts"]
            told["resources"] = dumped(await session.list_resources())["resources"]
            told["words"] = dumped(await session.read_resource("admx://words"))
            told["prompt"] = dumped(await session.get_prompt("why_did_it_change", {"goal": "Trial Started"}))
            told["calls"] = [dumped(await session.call_tool(name, arguments)) for name, arguments in calls]
    print(json.dumps(told))


asyncio.run(main())
