title=vim
light=yes
describe='-es: 30,000 lines, substitutions, :g, :sort, undo, registers, folds, diff, a Vim script with dictionaries'
main=('/vim[.a-z]*$')

find_program() { program=$(elf vim); }
version() { "$program" --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p'; }
prepare() { awk 'BEGIN { x = 5; for (i = 1; i <= 30000; i++) { x = (x * 1103515245 + 12345) % 2147483648; print "line", i, "value", x % 1000, "text" x % 77 } }' >text; }
workload() {
    cp "$shared/text" .
    under "$program" -Nu NONE -i NONE -n -es -S "$data/work.vim" text
    sums text sorted
    cat result
}
