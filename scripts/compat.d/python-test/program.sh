title="python -m test"
light=yes
main=('/python[0-9.]*$')
limit=400
# A test may fail on some machine; then it must fail in the same way without the library.
plain_may_fail=yes

modules="test_dict test_list test_set test_json test_re test_bytes test_memoryview test_pickle test_zlib
    test_ctypes test_sqlite3 test_thread test_threading_local"
if [ "$only_light" = no ]; then
    modules="$modules test_threading test_queue test_fork1 test_gc test_weakref test_array
    test_deque test_unicode test_itertools test_ordered_dict test_mmap test_decimal test_bz2 test_lzma
    test_tracemalloc test_struct test_heapq test_functools test_compile test_ast"
fi
# Debian's python first: an environment's python may come with a site that disturbs some tests.
find_program() {
    local candidate
    for candidate in /usr/bin/python3 "$(elf python3)"; do
        if "$candidate" -c 'import test.test_dict' 2>/dev/null; then
            program=$candidate
            choose_modules
            return 0
        fi
    done
    echo "no python3 with its test package"
    return 1
}
# Debian's package leaves a few of them out.
choose_modules() {
    local module there=() absent=()
    for module in $modules; do
        if "$program" -c "import importlib.util, sys; sys.exit(importlib.util.find_spec('test.$module') is None)" 2>/dev/null; then
            there+=("$module")
        else
            absent+=("$module")
        fi
    done
    modules=${there[*]}
    describe="PYTHONMALLOC=malloc, ${#there[@]} modules: $modules"
    [ ${#absent[@]} -eq 0 ] || note="not in this python: ${absent[*]}"
}
version() { "$program" -c 'import platform; print(platform.python_version())'; }
workload() {
    # PYTHONHASHSEED fixes the order in which sets and their messages appear.
    PYTHONMALLOC=malloc PYTHONHASHSEED=0 under "$program" -m test -v $modules
}
# One line a test, and the counts; the rest carries times, paths and load averages. What a test
# prints between its name and its result goes too: the threading tests print random waits.
normalise() {
    grep -aEi ' \.\.\. |^(FAIL|ERROR): |^Ran [0-9]+ test|^(Tests )?result: |^Total tests|^test .* failed|workload ended' |
        sed -E 's/^(Ran [0-9]+ tests?) in .*/\1/
            s/ \.\.\. (.* )?([0-9.]+s )?(ok|FAIL|ERROR|expected failure|unexpected success)$/ ... \3/; t
            s/ \.\.\. skipped .*/ ... skipped/; t
            s/ \.\.\. .*/ .../'
}
