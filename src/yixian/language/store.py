"""All SQL of this room: vectors that were made before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yixian.db.pool import Transaction


async def known(tx: Transaction, digests: Sequence[bytes]) -> dict[bytes, bytes]:
    """Those of the vectors that are there, by the digest of their text."""
    rows = await tx.fetch("SELECT digest, vector FROM meaning WHERE digest = ANY ($1)", list(digests))
    return {row["digest"]: row["vector"] for row in rows}


async def keep(tx: Transaction, vectors: Mapping[bytes, bytes]) -> None:
    """Keeps vectors; one that another process has kept meanwhile is the same."""
    await tx.execute(
        """
        INSERT INTO meaning (digest, vector)
        SELECT *
          FROM unnest($1::bytea[], $2::bytea[])
            ON CONFLICT DO NOTHING
        """,
        list(vectors),
        list(vectors.values()),
    )
