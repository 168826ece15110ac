title=ruby
light=no
describe='strings, hashes, JSON, Marshal, regular expressions, threads, fork, compaction, GC.stress for a moment'
main=('/ruby[0-9.]*$')

find_program() { program=$(elf ruby); }
version() { "$program" -e 'puts RUBY_VERSION'; }
workload() { under "$program" -W0 "$data/work.rb"; }
