"""What benches share: a free port, a process's CPU, and a PostgreSQL that keeps what it acknowledges."""
import glob, os, shutil, socket, subprocess, tempfile


def port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def cpu(pid):
    """CPU seconds that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Cluster:
    """A PostgreSQL that keeps what it acknowledges."""

    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
        self.bin = found[0] if found else os.path.dirname(shutil.which("initdb") or "")
        self.place, self.port = tempfile.mkdtemp(prefix="bench-pg-"), port()
        if os.getuid() == 0:
            shutil.chown(self.place, "postgres")
        self.owned("initdb", "-D", self.place, "-U", "keywright", "-A", "trust", "-E", "UTF8", "--locale=C")
        with open(os.path.join(self.place, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write("listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nshared_buffers = 512MB\nfsync = on\nsynchronous_commit = on\nmax_wal_size = 4GB\n")
        self.owned("pg_ctl", "-D", self.place, "-o", f"-p {self.port}", "-l", os.path.join(self.place, "log"), "-w", "start")
        self.url = f"postgres://keywright@127.0.0.1:{self.port}/postgres"

    def owned(self, name, *args):
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--reset-env", "--"] if os.getuid() == 0 else []
        subprocess.run([*as_owner, os.path.join(self.bin, name), *args], cwd="/", check=True, stdout=subprocess.DEVNULL)

    def end(self):
        self.owned("pg_ctl", "-D", self.place, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.place, ignore_errors=True)
