title=gdb
light=no
describe='breakpoints, conditions, backtraces of recursion and threads, watchpoints, printing of structures, finish, calls, its python'
main=('/gdb$' '/inferior$')

find_program() { program=$(elf gdb) && elf gcc >/dev/null; }
version() { "$program" --version | sed -n '1s/.* //p'; }
prepare() { gcc -g -O0 -o inferior "$data/inferior.c" -pthread; }
workload() {
    # --nx: no start-up files. The debugger and the program it runs both have the library.
    under "$program" -q -batch -nx -iex 'set auto-load off' -ex 'set startup-with-shell off' -x "$data/commands.gdb" --args "$shared/inferior" 7
}
normalise() { sed -E 's/0x[0-9a-f]+/0xADDRESS/g; s/LWP [0-9]+/LWP/g; s/process [0-9]+/process/g; /^Using host libthread_db|^\[Thread debugging/d; /debuginfod/d; /^\[(New )?(Thread|process).*\]$/d'; }
