title=java
light=no
describe='javac, then a program with eight threads: collections, streams, direct buffers, deflate, many class loads; G1 and serial collectors; an HTTP server under load'
main=('/java$' '/javac$')

find_program() { javac=$(elf javac) && program=$(elf java); }
version() { "$program" -version 2>&1 | sed -n '1s/.*"\(.*\)".*/\1/p'; }
workload() {
    cp "$data/Work.java" "$data/Load.java" .
    under "$javac" -J-Xmx256m Work.java Load.java
    sums ./*.class
    under "$program" -Xmx256m -XX:+UseG1GC Work
    under "$program" -Xmx256m -XX:+UseSerialGC -Xint Work small
    under "$program" -Xmx256m -XX:+UseParallelGC -XX:MaxDirectMemorySize=64m Load
}
