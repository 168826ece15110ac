use strict;
use warnings;
use Config;
use Digest::MD5 qw(md5_hex);
use List::Util qw(sum shuffle);
use Storable qw(freeze thaw dclone);

$| = 1;
my $seed = 42;
sub next_number { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed }

# Hashes of arrays that grow and lose entries.
my %table;
for my $i (1 .. 120_000) {
    my $n = next_number();
    push @{ $table{ $n % 4001 } }, "value$i" x (1 + $n % 4);
    delete $table{ ($n >> 3) % 4001 } if $i % 11 == 0;
}
print scalar(keys %table), " ", sum(map { scalar @$_ } values %table), "\n";
print md5_hex(join ",", map { "$_=@{ $table{$_} }" } sort { $a <=> $b } keys %table), "\n";

# Sorting, copying, serialising.
my @numbers = map { next_number() % 100_000 } 1 .. 100_000;
my @sorted = sort { $a <=> $b || $a cmp $b } @numbers;
print "$sorted[0] $sorted[50_000] $sorted[-1]\n";
my $copy = thaw(freeze(\%table));
my $clone = dclone($copy);
print scalar(keys %$clone), "\n";

# Strings and regular expressions.
my $text = join " ", map { sprintf "word%05d", next_number() % 30_000 } 1 .. 60_000;
my %words;
$words{$1}++ while $text =~ /(word\d+)/g;
(my $other = $text) =~ s/word0*(\d+)/<$1>/g;
print scalar(keys %words), " ", length($other), " ", md5_hex($other), "\n";
print join("|", (split / /, $text)[0 .. 4]), "\n";
my $long = "ab" x 500_000;
$long .= substr($long, $_ * 10, 10) for 1 .. 10_000;
print length($long), " ", md5_hex(scalar reverse $long), "\n";

# Closures and objects in a cycle.
my @counters = map { my $n = $_; sub { return $n += $_[0] } } 1 .. 20_000;
print sum(map { $_->(2) } @counters), "\n";
for (1 .. 2000) { my $node = { next => undef, data => [ 1 .. 20 ] }; $node->{next} = $node; $node->{next} = undef }

# Threads clone the whole interpreter.
if ($Config{useithreads}) {
    require threads;
    my @threads = map {
        my $n = $_;
        threads->create(sub { my %h; $h{ $_ % 1000 } .= $n for 1 .. 30_000; return md5_hex(join ",", map { $h{$_} } sort keys %h) })
    } 1 .. 4;
    print $_->join, "\n" for @threads;
}

# Children.
for my $i (1 .. 10) {
    my $pid = open(my $child, "-|") // die "fork: $!";
    if (!$pid) { my @list = (1) x ($i * 10_000); print "child $i ", scalar(@list), "\n"; exit 0 }
    print while <$child>;
    close $child;
}
