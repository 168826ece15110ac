# scripts/compat --self-test: every check of the harness, under a library that it must refuse.
# Sourced by scripts/compat.

# case_of WANTED TEXT LIBRARY: check_program must end with WANTED (pass or fail), its row must
# contain TEXT.
case_of() {
    local rows=$scratch/self-test.rows
    : >"$rows"
    rm -rf "$scratch"/self-test.*/
    check_program self-test "$3" "$rows" >/dev/null
    if [ "$verdict" = "$1" ] && grep -qF -- "$2" "$rows"; then
        passed=$((passed + 1))
        echo "ok    $(basename "$3"): $1, \"$2\""
    else
        failed=$((failed + 1))
        echo "FAIL  $(basename "$3"): wanted $1 with \"$2\", got: $(cat "$rows")"
    fi
}

library() {
    local flags=${2:-}
    # shellcheck disable=SC2086
    gcc -O1 -w -shared -fPIC -fno-builtin $flags -o "$scratch/$1.so" "$parts/self-test/library.c" || exit 2
    echo "$scratch/$1.so"
}

self_test() {
    passed=0 failed=0
    case_of pass 'yes, 1 process' "$(library whole)"
    case_of fail 'not in use' "$scratch/absent.so"
    case_of fail 'not in use' "$(library empty -DEMPTY)"
    case_of fail 'not in use' "$(library partial -DPARTIAL)"
    compat_drops_preload=yes
    case_of fail 'not in use' "$(library dropped)"
    compat_drops_preload=no
    case_of fail 'output differs' "$(library prints -DPRINTS)"
    case_of fail 'misuse report' "$(library reports -DREPORTS)"
    case_of fail 'exit status differs' "$(library dies -DDIES)"
    case_of fail 'exit status differs' "$(library hangs -DHANGS)"
    echo "$passed passed, $failed failed, 0 skipped"
    [ $failed -eq 0 ]
}
