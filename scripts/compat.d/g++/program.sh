title=g++
light=yes
describe='a template-heavy file (standard containers, regex, expression templates) at -O0 -g and -O2: object code compared; the program is run'
main=('/cc1plus$' '[/-]as$' '/templates$')

find_program() { program=$(elf g++); }
version() { "$program" -dumpfullversion; }
workload() {
    cp "$data/templates.cpp" .
    under "$program" -std=c++17 -O0 -g -c templates.cpp -o debug.o
    under "$program" -std=c++17 -O2 -c templates.cpp -o release.o
    under "$program" -o templates release.o
    sums debug.o release.o templates
    under ./templates
}
