title=python
light=yes
describe='PYTHONMALLOC=malloc: dicts, lists, strings, json, pickle, zlib, sqlite3, threads, subprocesses'
main=('/python[0-9.]*$')

find_program() { program=$(elf python3); }
version() { "$program" -c 'import platform; print(platform.python_version())'; }
workload() { PYTHONMALLOC=malloc PYTHONHASHSEED=0 under "$program" "$data/work.py"; }
