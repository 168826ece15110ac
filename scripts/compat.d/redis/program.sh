title=redis-server
light=yes
describe='redis-benchmark -t set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,zadd,mset,lrange_100, a Lua script, streams, DEBUG RELOAD, BGSAVE; digests of the data compared'
main=('/redis-(server|check-rdb)$' '/redis-benchmark$')

find_program() { program=$(elf redis-server) && benchmark=$(elf redis-benchmark) && client=$(elf redis-cli); }
version() { "$program" --version | sed 's/.*v=\([^ ]*\).*/\1/'; }
if ldd "$(elf redis-server)" 2>/dev/null | grep -q libjemalloc; then
    note="this redis is linked with libjemalloc: preloaded, malloc and free are ours, and its mallctl statistics (INFO memory, allocator_*) stay those of the idle jemalloc"
fi
cli() { "$client" -p "$port" "$@"; }
workload() {
    port=$(free_port)
    start_server 15 "$program" --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$work" \
        --enable-debug-command yes --daemonize no --logfile "$run_dir/redis.log"
    wait_until cli ping || return
    under "$benchmark" -h 127.0.0.1 -p "$port" -n 12000 -c 20 -P 8 -d 300 -q --threads 2 \
        -t set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,zadd,mset,lrange_100 >/dev/null
    cli dbsize
    cli debug digest
    # Many keys of many sizes, half of them deleted, by the server's own interpreter.
    cli eval "for i = 1, 40000 do redis.call('set', 'k' .. i, string.rep('x', i * 7919 % 700)) end
        for i = 1, 40000, 2 do redis.call('del', 'k' .. i) end
        for i = 1, 3000 do redis.call('hset', 'h' .. i % 100, 'f' .. i, i); redis.call('zadd', 'z' .. i % 10, i, 'm' .. i)
            redis.call('append', 'a' .. i % 20, string.rep('y', i)); redis.call('xadd', 's', i .. '-1', 'n', i) end
        return redis.call('dbsize')" 0
    cli eval "local t = {} for i = 1, 100000 do t[i] = i .. 'x' end return #table.concat(t)" 0
    cli xtrim s maxlen 1000
    cli --raw lrange mylist 0 2 | head -c 100
    cli object encoding z1
    cli debug digest
    cli debug reload
    cli debug digest
    cli bgsave >/dev/null
    wait_until [ -s "$work/dump.rdb" ]
    wait_until saved
    local check
    check=$(elf redis-check-rdb) && under "$check" dump.rdb | grep -E 'keys read|looks OK'
    cli memory stats >/dev/null && cli memory doctor >/dev/null && cli memory purge
    cli flushall
    cli dbsize
    stop_servers
}
saved() { [ "$(cli info persistence | tr -d '\r' | sed -n 's/^rdb_bgsave_in_progress://p')" = 0 ]; }
normalise() { sed -E 's/^\[offset [0-9]+\] //'; }
