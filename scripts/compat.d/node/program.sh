title=node
light=yes
describe='four worker threads with JSON, maps, transferred buffers, zlib and hashes; streams; a child process'
main=('/node$')

find_program() { program=$(elf node); }
version() { "$program" --version | tr -d v; }
workload() { under "$program" --max-old-space-size=512 "$data/work.js"; }
