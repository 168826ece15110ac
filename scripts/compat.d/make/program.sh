title=make
light=yes
describe='make -j2 of 60 small C files into a library and a program, a second make, make clean'
main=('/make$' '/cc1$' '[/-]ar$' '/numbers$')

find_program() { program=$(elf make) && elf gcc >/dev/null && elf ar >/dev/null; }
version() { "$program" --version | head -n 1 | sed 's/[^0-9]*//'; }
prepare() {
    local i
    for i in $(seq 1 60); do
        printf '#include <stdlib.h>\n#include <string.h>\nint f%d(int n)\n{\n    char *p = malloc((size_t)n + %d);\n    if (!p)\n        return -1;\n    memset(p, %d, (size_t)n);\n    int sum = 0;\n    for (int i = 0; i < n; i++)\n        sum += p[i];\n    free(p);\n    return sum;\n}\n' "$i" "$i" "$i" >"f$i.c"
    done
    {
        echo '#include <stdio.h>'
        for i in $(seq 1 60); do echo "int f$i(int);"; done
        echo 'int main(void) { long sum = 0;'
        for i in $(seq 1 60); do echo "sum += f$i($i);"; done
        echo 'printf("%ld\n", sum); return 0; }'
    } >main.c
    cat >Makefile <<'END'
parts := $(patsubst %.c,%.o,$(wildcard f*.c))
numbers: main.o libnumbers.a
	gcc -o $@ main.o -L. -lnumbers
libnumbers.a: $(parts)
	ar rcsD $@ $^
%.o: %.c
	gcc -O1 -c -o $@ $<
clean:
	rm -f *.o *.a numbers
.PHONY: clean
END
}
workload() {
    cp "$shared"/*.c "$shared/Makefile" .
    under "$program" -j2 >log
    sort log | sha256sum
    sums numbers libnumbers.a
    under ./numbers
    under "$program" -j2
    under "$program" -n clean
    under "$program" -p -n -q >/dev/null
    under "$program" clean
    ls
}
