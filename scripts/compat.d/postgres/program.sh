title=postgres
light=no
describe='initdb, server, pgbench -c 4 -j 2 with fixed seed, sorts, hash joins, JSON, plpgsql, parallel query, pg_dump; balances and query results compared'
main=('/initdb$' '/postgres$' '/pgbench$' '/psql$' '/pg_dump$')

find_program() {
    local initdb
    for initdb in /usr/lib/postgresql/*/bin/initdb "$(elf initdb)"; do
        [ ! -x "$initdb" ] || bin=$(dirname "$(readlink -f "$initdb")")
    done
    [ -n "${bin:-}" ] && [ -x "$bin/postgres" ] && [ -x "$bin/pgbench" ] || return 1
    # The server refuses to run as root.
    as=()
    if [ "$(id -u)" = 0 ]; then
        command -v setpriv >/dev/null || { echo "no setpriv to leave root with"; return 1; }
        owner=$(id -u postgres 2>/dev/null || id -u nobody)
        as=(setpriv --reuid="$owner" --regid="$(id -g postgres 2>/dev/null || id -g nobody)" --clear-groups --inh-caps=-all)
    fi
}
version() { "$bin/postgres" --version | sed 's/[^0-9]*\([0-9.]*\).*/\1/'; }
run_as() { under "${as[@]}" "$@"; }
workload() {
    [ ${#as[@]} -eq 0 ] || chown "$owner" .
    # HOME is for psql's start-up files and must be readable to that user.
    export HOME=$work PGHOST=$work PGUSER=tester PGDATABASE=postgres PGPORT
    PGPORT=$(free_port)
    run_as "$bin/initdb" -D data -U tester -A trust -N --locale=C -E UTF8 >/dev/null && echo initialised
    start_server 2 "${as[@]}" "$bin/postgres" -D "$work/data" -p "$PGPORT" -k "$work" -h 127.0.0.1 \
        -c fsync=off -c shared_buffers=32MB -c max_parallel_workers=2 -c max_worker_processes=4 -c timezone=UTC
    wait_until "$bin/pg_isready" -q || return
    run_as "$bin/pgbench" -i -q -s 2 && echo filled
    run_as "$bin/pgbench" -n -c 4 -j 2 -t 300 --random-seed=42 | grep -E '^number of'
    run_as "$bin/pgbench" -n -S -M prepared -c 4 -j 2 -t 1000 --random-seed=7 | grep -E '^number of (trans|failed)'
    run_as "$bin/psql" -X -A -t -v ON_ERROR_STOP=1 -f "$data/work.sql"
    run_as "$bin/pg_dump" --no-owner -t numbers | sed '/^-- Dumped/d; /^\\\(un\)\{0,1\}restrict /d' | sha256sum
    stop_servers
}
