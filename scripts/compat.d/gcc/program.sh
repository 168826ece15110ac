title=gcc
light=yes
describe="this project's C tests at -O0 -g and -O2: object code compared; a program is linked with -flto and run"
main=('gcc[-.0-9]*$' '/cc1$' '[/-]as$' '[/-](ld|ld\.bfd|ld\.gold)$')

find_program() { program=$(elf gcc); }
version() { "$program" -dumpfullversion; }
prepare() {
    mkdir sources
    cp "$tools_source"/measure.c "$tools_source"/witness.c sources/
    find "$root/c-tests" -name '*.c' 2>/dev/null | sort | while read -r file; do
        cp "$file" "sources/$(basename "$(dirname "$file")")-$(basename "$file")"
    done
    find "$root/c-tests" "$root/include" -name '*.h' -exec cp {} sources/ \; 2>/dev/null
    cd sources
    # What does not compile (another language level, another platform) is left out of both runs.
    local file
    for file in *.c; do
        "$program" -w -I . -fsyntax-only "$file" 2>/dev/null || rm "$file"
    done
}
workload() {
    cp -r "$shared/sources" . && cd sources || return
    local file
    for file in *.c; do
        under "$program" -w -I . -O0 -g -c "$file" -o "$file.O0.o"
        under "$program" -w -I . -O2 -S "$file" -o "$file.s"
    done
    sums *.o *.s
    under "$program" -w -O2 -flto=2 -o linked measure.c
    under ./linked -o /dev/null true
    sums linked
}
