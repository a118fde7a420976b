"""PostgreSQL: models, types, engine, the embedded server, locking SQL, read models and migrations."""
