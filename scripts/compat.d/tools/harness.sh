# What scripts/compat shares between programs: scratch, the two runs, the comparison.
# Sourced; expects $root, $parts, $only_light and $keep.

user_home=${HOME:-/}
tools_source=$parts/tools
servers=()
judge_group=''

make_scratch() {
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/compat.XXXXXX") || exit 2
    chmod 755 "$scratch"
    mkdir "$scratch/home" "$scratch/bin"
    # The same small environment in both runs, whoever starts this.
    export HOME=$scratch/home TZ=UTC LC_ALL=C.UTF-8 PATH=$PATH:/usr/sbin:/sbin TMPDIR=$scratch
    unset LD_PRELOAD MAKEFLAGS MAKELEVEL CARGO_TARGET_DIR RUSTFLAGS
    local variable
    for variable in ${!GIT_*} ${!PYTHON*} ${!PERL*} ${!RUBY*} ${!NODE_*} ${!PG*} ${!JAVA_*}; do
        unset "$variable"
    done
}

# Ends what is running: the commands get 20 seconds (measure.c) to stop.
stop_judge() {
    local i
    [ -n "$judge_group" ] || return 0
    kill -TERM -- "-$judge_group" 2>/dev/null
    for ((i = 0; i < 250; i++)); do
        kill -0 -- "-$judge_group" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL -- "-$judge_group" 2>/dev/null
}

remove_scratch() {
    if [ "$keep" = yes ]; then
        echo "kept $scratch"
    else
        chmod -R u+w "$scratch" 2>/dev/null
        rm -rf "$scratch"
    fi
}

build_tools() {
    gcc -O2 -static -o "$scratch/bin/measure" "$tools_source/measure.c" &&
        gcc -O2 -shared -fPIC -fplt -fno-builtin -Wl,-z,now -o "$scratch/bin/witness.so" "$tools_source/witness.c" -ldl
}

# --- for program.sh -----------------------------------------------------------------------------

# elf NAME: the path of the real program, passing over scripts of that name (version managers put
# such in front); fails when there is none.
elf() {
    local path
    while read -r path; do
        if [ "$(head -c 4 "$path" 2>/dev/null)" = $'\x7fELF' ]; then
            echo "$path"
            return 0
        fi
    done < <(type -ap "$1"; ls "/usr/bin/$1" 2>/dev/null)
    return 1
}

# under COMMAND...: runs it with the library of this run. In every program's workload this is the
# only way in which the program under test is started.
under() {
    "$scratch/bin/measure" -o "$stats" -t "$limit" -e "LD_PRELOAD=$preload" -e "COMPAT_WITNESS=$seen" -- "$@"
}

# start_server SIGNAL COMMAND...: the same, in the background; SIGNAL is how it is asked to stop.
start_server() {
    local signal=$1
    shift
    "$scratch/bin/measure" -o "$stats" -t $((limit * 3)) -k "$signal" \
        -e "LD_PRELOAD=$preload" -e "COMPAT_WITNESS=$seen" -- "$@" >"$run_dir/server.out" &
    servers+=($!)
}

stop_servers() {
    local pid
    for pid in "${servers[@]}"; do
        kill -TERM "$pid" 2>/dev/null
        wait "$pid"
    done
    servers=()
}

# A port of 127.0.0.1 that nothing answers on.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

# wait_until COMMAND...: tries for 20 seconds.
wait_until() {
    local i
    for ((i = 0; i < 200; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    echo "never true: $*"
    return 1
}

# sums FILE...: one "checksum name" line each.
sums() { sha256sum -- "$@"; }

# --- the check ----------------------------------------------------------------------------------

# one_run WHICH PRELOAD: the workload in a fresh directory. WHICH is plain or preloaded; the
# directory has the same name in both, because outputs contain it.
one_run() {
    run_dir=$scratch/$name.$1 stats=$scratch/$name.$1/stats seen=$scratch/$name.$1/seen preload=$2
    mkdir -m 755 "$run_dir" "$work"
    : >"$stats"
    : >"$seen"
    chmod 666 "$seen"
    (
        cd "$work" || exit
        trap stop_servers EXIT
        workload
    ) >"$run_dir/out" 2>"$run_dir/err" </dev/null
    echo "workload ended with $?" >>"$run_dir/out"
    normalise <"$run_dir/out" >"$run_dir/compared"
    # Sorted, because the commands of a pipe end in any order.
    awk '{ print $5, $1 }' "$stats" | sort >"$run_dir/statuses"
    rm -rf "$work"
}

# in_use LIBRARY: reads $seen and prints "yes, N processes", or "no: ..." with the reason, or "its own, ...". In
# $own_malloc: executables that define malloc themselves, which no preload can replace.
in_use() {
    awk -F '\t' -v library="$1" -v own="${own_malloc:-^$}" -v main="${main[*]}" '
        BEGIN { wanted = split(main, pattern, " "); split("malloc free calloc realloc posix_memalign malloc_usable_size", call, " ") }
        own != "^$" && $2 ~ own { others++; next }
        {
            for (i = 1; i <= 6; i++)
                if ($(i + 2) != library) {
                    if (bad == "") bad = call[i] " of " $2 " is that of " $(i + 2)
                    next
                }
            processes++
            for (i = 1; i <= wanted; i++) if ($2 ~ pattern[i]) found[i] = 1
        }
        END {
            for (i = 1; i <= wanted; i++)
                if (!(i in found) && bad == "") bad = "no process " pattern[i]
            if (bad != "") { print "no: " bad; exit }
            if (others && !processes) { print "its own, " others " processes"; exit }
            printf "yes, %d process%s\n", processes, processes == 1 ? "" : "es"
        }' "$seen"
}

# served_by: who serves malloc in the processes of $seen, without the C library, for the notes.
served_by() {
    awk -F '\t' -v own="${own_malloc:-^$}" '
        $2 ~ own || $3 ~ /\/libc\.so|\/libc-/ { next }
        { n = split($3, part, "/"); print part[n] }' "$seen" | sort -u | paste -sd ' '
}

# cost STATS: "seconds peak" over the run: processor time in seconds, peak in MiB.
cost() { awk '{ t += $2 + $3; if ($4 > m) m = $4 } END { printf "%.2f %.1f", t, m / 1024 }' "$1"; }

# Cells of the table hold no bar and no newline.
cell() { tr '\n|' ' /' | sed 's/  */ /g; s/^ //; s/ $//'; }

# check_program NAME LIBRARY ROWS: does all of it, sets $verdict (pass, fail, skip), prints a line
# and appends a row: verdict|title|version|workload|same|in use|time|peak|notes.
check_program() {
    local file=$3
    # A process group of its own, so that an interruption can end all of it.
    set -m
    (judge "$1" "$2") >"$scratch/judge" 2>"$scratch/judge.err" </dev/null &
    judge_group=$!
    set +m
    wait "$judge_group"
    judge_group=''
    # The row is the last line; what stands before it explains a failure.
    local row
    row=$(tail -n 1 "$scratch/judge")
    verdict=${row%%|*}
    case $verdict in
        pass|skip) ;;
        fail) ;;
        *) verdict=fail row="fail|$1|||harness error|||||$(cell <"$scratch/judge.err")" ;;
    esac
    printf '%s\n' "$row" >>"$file"
    local title version work_done same used time peak notes
    IFS='|' read -r _ title version work_done same used time peak notes <<<"$row"
    if [ "$verdict" = skip ]; then
        printf '%-5s %-12s %s\n' skip "$1" "$notes"
    else
        printf '%-5s %-12s output %s; in use %s; %s s; %s MiB%s\n' "$verdict" "$1" "$same" "$used" "$time" "$peak" "${notes:+; $notes}"
    fi
    [ "$verdict" != fail ] || sed '$d; s/^/      /' "$scratch/judge"
}

judge() {
    name=$1
    local library=$2 problems=() notes=() same=yes used plain_used reports text
    local limit=120 own_malloc='' own_malloc_note='' explained='' explained_note='' plain_may_fail=no note=''
    local main=() describe='' title=$1 missing=''
    data=$parts/$1 work=$scratch/work
    version() { :; }
    prepare() { :; }
    normalise() { cat; }
    . "$parts/$1/program.sh"
    if ! find_program >"$scratch/missing"; then
        missing=$(cell <"$scratch/missing")
        echo "skip|$title|||||||skipped: ${missing:-not installed}"
        return
    fi
    shared=$scratch/$name.shared
    mkdir -m 755 "$shared"
    text=$( (cd "$shared" && prepare) 2>&1 >"$shared.log" </dev/null) || {
        echo "fail|$title|$(version 2>&1 | head -n 1 | cell)|$describe|not run||||the workload could not be prepared: $(tail -n 3 <<<"$text" | cell)"
        return
    }
    [ -z "$note" ] || notes+=("$note")

    one_run plain "$scratch/bin/witness.so"
    plain_used=$(in_use "$library")
    case $plain_used in yes*) problems+=("the plain run used the library") ;; esac
    [ -s "$seen" ] || problems+=("no process of the plain run reported its malloc")
    text=$(served_by)
    [ -z "$text" ] || notes+=("without the library malloc comes from $text")
    one_run preloaded "$library:$scratch/bin/witness.so"
    used=$(in_use "$library")
    case $used in no*) problems+=("not in use") ;; esac
    [ -z "$own_malloc_note" ] || ! cut -f 2 "$seen" | grep -Eq "$own_malloc" || notes+=("$own_malloc_note")

    local plain=$scratch/$name.plain ours=$scratch/$name.preloaded
    if ! cmp -s "$plain/compared" "$ours/compared"; then
        same=no
        problems+=("output differs")
        diff "$plain/compared" "$ours/compared" | head -n 20
    fi
    if ! cmp -s "$plain/statuses" "$ours/statuses"; then
        same="no (status)"
        problems+=("exit status differs")
        diff "$plain/statuses" "$ours/statuses" | head -n 10
    fi
    text=$(grep -v ' 0$' "$plain/statuses" | uniq | paste -sd ,)
    if [ $plain_may_fail = yes ] && [ -n "$text" ]; then
        notes+=("fails alike without the library (name and status: $text)")
    elif [ -n "$text" ]; then
        problems+=("fails without the library too (name and status: $text)")
        tail -n 10 "$plain/err"
    fi
    [ "$same" = yes ] || tail -n 10 "$ours/err"

    reports=$(cat "$ours/err" "$ours/out" "$ours/server.out" 2>/dev/null | grep -a 'ft_malloc:')
    if [ -n "$reports" ]; then
        printf '%s\n' "$reports" | head -n 10
        if [ -n "$explained" ] && ! grep -qvE "$explained" <<<"$reports"; then
            notes+=("$(grep -c . <<<"$reports") misuse reports: $explained_note")
        else
            problems+=("$(grep -c . <<<"$reports") misuse reports, the first: $(head -n 1 <<<"$reports" | tr -d '|')")
        fi
    fi

    local a b c d result=pass all
    read -r a b <<<"$(cost "$ours/stats")"
    read -r c d <<<"$(cost "$plain/stats")"
    [ ${#problems[@]} -eq 0 ] || result=fail
    all=$(printf '%s; ' "${problems[@]/%/.}" "${notes[@]/%/.}" | sed 's/\.; /. /g; s/^\(\. \)*//; s/[.; ]*$//' | cell)
    echo "$result|$title|$(version 2>&1 | head -n 1 | cell)|$describe|$same|$used|$a / $c|$b / $d|$all"
}
