# The table of scripts/compat and the document around it. Sourced; rows are those of check_program.

table() {
    echo '| program | version | workload | result | same output | ours in use | user+sys s, ours / libc | peak MiB, ours / libc | notes |'
    echo '|---|---|---|---|---|---|---|---|---|'
    awk -F '|' '{
        result = $1 == "pass" ? "passed" : $1 == "skip" ? "skipped" : "**failed**"
        printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", $2, $3, $4, result, $5, $6, $7, $8, $9
    }' "$1"
}

distribution() { (. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME") || uname -s; }

write_document() {
    local version
    version=$(sed -n 's/^version *= *"\(.*\)"/\1/p' "$root/Cargo.toml" 2>/dev/null | head -n 1)
    cat <<END
# Real programs on libft_malloc

Written by \`scripts/compat\`; run it again instead of editing this file.

Every program below ran the same workload twice: on the C library's malloc, and with
\`LD_PRELOAD=$(basename "$lib")\`. The two runs must agree in standard output and in the exit status of
every command, and no misuse report may appear on standard error. In both runs every process that
started reported which file serves its \`malloc\`, \`free\`, \`calloc\`, \`realloc\`, \`posix_memalign\` and
\`malloc_usable_size\`: in the preloaded run that must be this library in all of them (the column
counts them), in the plain run in none.

Processor time and peak resident size (the largest process of the run) are there for information:
one run each, not a benchmark.

| | |
|---|---|
| library | libft_malloc ${version:-unknown version} |
| system | $(distribution), $(getconf GNU_LIBC_VERSION 2>/dev/null), Linux $(uname -r | cut -d- -f1), $(uname -m), $(getconf _NPROCESSORS_ONLN) processors |
| date | $(date -u +%Y-%m-%d) |
| result | $passed passed, $failed failed, $skipped skipped |

END
    table "$1"
}
