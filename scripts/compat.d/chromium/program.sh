title=Chromium
light=no
describe='headless: a document built and laid out, canvas, JSON, maps, growing buffers, four workers'
main=()
own_malloc='/(chromium|chrome_crashpad_handler)$'
own_malloc_note='Chromium brings its own malloc, which no preload replaces: this shows only that preloading does no harm; the next line runs the engine on ours'

find_program() { program=$(elf /usr/lib/chromium/chromium) && python=$(elf /usr/bin/python3); }
version() { "$program" --version | grep -o '[0-9][0-9.]*' | head -n 1; }
workload() {
    "$python" "$data/serve.py" "$data" result >port &
    servers+=($!)
    wait_until test -s port || return
    # Its messages are about the desktop that is not there.
    start_server 15 "$program" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync \
        --disable-background-networking --disable-component-update --disable-dev-shm-usage --log-level=3 \
        --user-data-dir="$work/profile" "http://127.0.0.1:$(cat port)/page.html"
    wait_until test -s result && cat result
}
