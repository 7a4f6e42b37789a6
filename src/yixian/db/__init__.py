"""PostgreSQL: embedded server, pool, transactions, migrations, outbox and jobs."""
