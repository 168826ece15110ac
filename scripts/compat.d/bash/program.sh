title=bash
light=yes
describe='arrays, associative arrays, subshells, pipes, here-documents, process substitution, patterns'
main=('/bash$')

find_program() { program=$(elf bash); }
version() { "$program" -c 'echo "$BASH_VERSION"'; }
workload() {
    under "$program" "$data/work.bash"
    under "$program" --posix -c 'echo "$1"; printf "%s\n" "$@" | sort -r | head -n 3' name one two three
}
