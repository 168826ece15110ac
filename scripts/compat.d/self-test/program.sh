# Not a program of the table: what tools/self-test.sh runs under libraries that are wrong on purpose.
title=self-test
light=no
describe='echo and sort'
main=('/sort$')
limit=5

find_program() { :; }
workload() {
    if [ "${compat_drops_preload:-}" = yes ]; then
        printf 'b\na\n' | under env -u LD_PRELOAD sort
    else
        printf 'b\na\n' | under sort
    fi
}
