title=perl
light=yes
describe='hashes, sort, regular expressions, closures, Storable, threads, fork and pipes'
main=('/perl$')

find_program() { program=$(elf perl); }
version() { "$program" -e 'print substr($^V, 1), "\n"'; }
workload() { PERL_HASH_SEED=0 under "$program" "$data/work.pl"; }
