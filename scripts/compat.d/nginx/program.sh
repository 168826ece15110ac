title=nginx
light=no
describe='two workers, 23,500 requests by ab with and without keep-alive and gzip, a reload under load, rewrites, a proxy to itself, error pages'
main=('/nginx$')

find_program() { program=$(elf nginx) && load=$(elf ab) || { echo "nginx or ab (apache2-utils) not installed"; return 1; }; }
version() { "$program" -v 2>&1 | sed 's/.*\///'; }
prepare() {
    mkdir html
    seq 1 60000 >html/numbers.txt
    head -c 300000 html/numbers.txt >html/big.html
    echo '<p>small</p>' >html/index.html
    chmod -R a+rX .
}
workload() {
    local port user=
    port=$(free_port)
    [ "$(id -u)" != 0 ] || user="user nobody $(id -gn nobody);"
    mkdir logs
    cat >nginx.conf <<END
$user
worker_processes 2;
daemon off;
pid $work/nginx.pid;
error_log stderr warn;
events { worker_connections 128; }
http {
    types { text/plain txt; text/html html; }
    access_log $work/logs/access.log;
    client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
    gzip on; gzip_http_version 1.0; gzip_proxied any; gzip_types text/plain; gzip_min_length 100;
    server {
        listen 127.0.0.1:$port;
        root $shared/html;
        location /again/ { proxy_pass http://127.0.0.1:$port/; proxy_buffers 8 4k; }
        location /say/ { rewrite ^/say/(.*)\$ /index.html?x=\$1 break; }
        location /echo { return 200 "\$request_method \$args\n"; }
        error_page 404 /index.html;
    }
}
END
    chmod a+rx . logs
    start_server 15 "$program" -p "$work" -c "$work/nginx.conf" -e stderr
    wait_until fetch "$port" / identity || return
    local path
    for path in / /numbers.txt /big.html /again/numbers.txt /say/hello /echo?a=b /missing; do
        echo "$path $(fetch "$port" "$path" identity | sha256sum) $(fetch "$port" "$path" gzip | gzip -dc 2>/dev/null | sha256sum)"
    done
    requests "$port" -n 5000 -c 20 -k /
    requests "$port" -n 5000 -c 20 /index.html
    requests "$port" -n 3000 -c 20 -k /big.html
    requests "$port" -n 2000 -c 10 -k /echo?x=y
    requests "$port" -n 500 -c 10 -H 'Accept-Encoding: gzip' /numbers.txt
    # A reload: the old workers finish what they have, so no request may fail. Without keep-alive,
    # because the idle connections of a worker that leaves are closed.
    requests "$port" -n 6000 -c 20 /again/index.html &
    local load_pid=$! old
    old=$(workers)
    kill -HUP "$(cat nginx.pid)"
    wait "$load_pid"
    wait_until gone "$old" && echo reloaded
    requests "$port" -n 2000 -c 20 /index.html
    stop_servers
    grep -c 'index.html HTTP/1.0" 200' logs/access.log
}
workers() { pgrep -P "$(cat nginx.pid)"; }
# gone PIDS: none of these workers is left.
gone() { ! workers | grep -qxF "$1"; }
# fetch PORT PATH ENCODING: the answer's body. Compressed, its bytes depend on how much the proxied
# server had sent when; so compressed answers are compared after gzip -d.
fetch() {
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: %s\r\n\r\n' "$2" "$3" >&3
    sed '1,/^\r$/d' <&3
    exec 3<&-
}
# requests PORT AB-OPTIONS... PATH: what of ab's report does not depend on time. ab is not under test.
requests() {
    local port=$1 options=("${@:2:$#-2}")
    "$load" -q -r "${options[@]}" "http://127.0.0.1:$port${!#}" 2>&1 | grep -E '^(Complete requests|Failed requests|Non-2xx|Document Length)'
}
