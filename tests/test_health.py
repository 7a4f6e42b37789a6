"""What a load balancer is told."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.hotline import hotline_on
from yixian.db import bootstrap, pool


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_process_is_well_while_its_database_answers(fresh: bootstrap.Addresses, home: Path, method: str) -> None:
    async with hotline_on(fresh, home) as hotline:
        client = hotline.browser().client
        well = await client.request(method, "/health")
        assert (well.status_code, method == "HEAD" or well.json()["state"]) == (200, method == "HEAD" or "well")
        process = hotline.app.state.process
        nowhere = await pool.connect("postgresql://yixian_app:x@127.0.0.1:9/nowhere", 1)
        hotline.app.state.process = msgspec.structs.replace(process, database=nowhere)
        ill = await client.request(method, "/health")
        assert ill.status_code == 503
        assert "127.0.0.1" not in ill.text, "nothing of the insides"
        hotline.app.state.process = process
        await nowhere.close()
