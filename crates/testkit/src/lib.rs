//! For tests only: a PostgreSQL to test on, keys, a seeded rng, a mail server.
