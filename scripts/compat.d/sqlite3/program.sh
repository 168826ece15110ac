title=sqlite3
light=yes
describe='100,000 rows, indexes, joins, window functions, JSON, full-text search, vacuum, dump and load'
main=('/sqlite3$')

find_program() { program=$(elf sqlite3); }
version() { "$program" --version | cut -d ' ' -f 1; }
workload() {
    under "$program" -batch -bail base.db <"$data/work.sql"
    under "$program" base.db .dump >dump.sql
    sha256sum <dump.sql
    under "$program" copy.db <dump.sql
    under "$program" copy.db 'pragma integrity_check; select count(*), sum(n) from numbers;'
}
