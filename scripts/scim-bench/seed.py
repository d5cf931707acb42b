"""Makes many people of one: what the product wrote for a first person, group and member is written again under other ids.

Reads all tables before and after the first one was made by the API; the rows that came are the form of all others. Ids
that came with it get a number of their own, and `seed-0` in any text becomes `seed-N`. So each copy is what the product
itself writes, whatever tables it writes to. The trail of audit, jobs and logs are left out: they do not grow with people.
"""
import csv, io, re, sqlite3, subprocess, uuid

LEFT_OUT = ("audit", "job", "scim_requests", "scim_tokens", "sqlite_", "schema_", "seaql", "notice", "outbox", "lease")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Sqlite:
    """The database in a file."""

    def __init__(self, file):
        self.database = sqlite3.connect(file, timeout=60)
        self.database.text_factory = str

    def tables(self):
        rows = self.database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return sorted(name for (name,) in rows if not name.startswith(LEFT_OUT))

    def rows(self, table):
        out = self.database.execute(f'SELECT * FROM "{table}"')
        return {tuple(shown(value) for value in row) for row in out}

    def write(self, table, width, rows):
        self.database.execute("PRAGMA synchronous = OFF")
        places = ",".join("?" * width)
        self.database.executemany(f'INSERT OR IGNORE INTO "{table}" VALUES ({places})', (tuple(kept(value) for value in row) for row in rows))
        self.database.commit()

    def run(self, sql):
        self.database.execute(sql)
        self.database.commit()

    def settle(self):
        """As a database is that has long been there."""
        self.database.execute("ANALYZE")
        self.database.commit()
        self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @staticmethod
    def id(text):
        return f"x'{text.replace('-', '')}'"


def shown(value):
    """A BLOB of 16 bytes is an id."""
    return "\0" + str(uuid.UUID(bytes=value)) if isinstance(value, bytes) and len(value) == 16 else value


def kept(value):
    return uuid.UUID(value[1:]).bytes if isinstance(value, str) and value.startswith("\0") else value


class Postgres:
    """The database on a server."""

    def __init__(self, url):
        self.url = url

    def sql(self, statement, given=None):
        return subprocess.run(["psql", "-qAtX", self.url, "-c", statement], check=True, text=True, input=given, stdout=subprocess.PIPE).stdout

    def tables(self):
        names = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()").split()
        return sorted(name for name in names if not name.startswith(LEFT_OUT))

    def rows(self, table):
        text = self.sql(f'COPY "{table}" TO STDOUT (FORMAT csv, NULL \'\\N\')')
        return {tuple(row) for row in csv.reader(io.StringIO(text))}

    def write(self, table, _width, rows):
        process = subprocess.Popen(["psql", "-qX", self.url, "-v", "ON_ERROR_STOP=1", "-c", f'COPY "{table}" FROM STDIN (FORMAT csv, NULL \'\\N\')'],
                                   stdin=subprocess.PIPE, text=True)
        csv.writer(process.stdin).writerows(rows)
        process.stdin.close()
        if process.wait():
            raise SystemExit(f"{table} could not be written")

    def run(self, statement):
        self.sql(statement)

    def settle(self):
        self.sql("VACUUM ANALYZE")
        self.sql("CHECKPOINT")

    @staticmethod
    def id(text):
        return f"'{text}'"


def all_rows(database):
    return {table: database.rows(table) for table in database.tables()}


def ids_in(rows):
    found = set()
    for row in rows:
        for value in row:
            if isinstance(value, str):
                found.update(UUID.findall(value))
    return found


def template(before, after):
    """The rows that came, by table, and the ids that came with them."""
    known = set().union(*(ids_in(rows) for rows in before.values()))
    new = {table: sorted(rows - before.get(table, set()), key=str) for table, rows in after.items()}
    new = {table: rows for table, rows in new.items() if rows}
    fresh = sorted(set().union(*(ids_in(rows) for rows in new.values())) - known) if new else []
    return new, fresh


def numbered(number, which):
    """The id of the N-th copy: version 7, in the order of N."""
    value = ((1_700_000_000_000 + number) << 80) | (7 << 76) | (2 << 62) | (which << 48) | number
    return str(uuid.UUID(int=value))


def copy(rows, fresh, numbers, ids=numbered):
    """The rows again for each number."""
    for number in numbers:
        other = [(old, ids(number, which)) for which, old in enumerate(fresh)]
        for row in rows:
            made = []
            for value in row:
                if isinstance(value, str):
                    if len(value) >= 36:
                        for old, new in other:
                            value = value.replace(old, new)
                    value = value.replace("seed-0", f"seed-{number}")
                made.append(value)
            yield made


def people(database, before, after, numbers):
    """Makes the people; gives a function from number to SCIM id, and the ids of the first."""
    rows, fresh = template(before, after)
    for table, some in rows.items():
        # Rows that changed rather than came are of something that was there before.
        some = [row for row in some if "seed-0" in str(row) or ids_in([row]) & set(fresh)]
        if some:
            database.write(table, len(some[0]), copy(some, fresh, numbers))
    return fresh
