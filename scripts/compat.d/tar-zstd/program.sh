title='tar + zstd'
light=yes
describe='tar of 600 files, zstd -T2 at -6 and -19, -d, --train; xz -T2; gzip; the archives compared byte by byte'
main=('/tar$' '/zstd$' '/xz$')

find_program() { elf tar >/dev/null && elf zstd >/dev/null && elf xz >/dev/null; }
version() { echo "$(tar --version | sed -n '1s/[^0-9]*//p'), zstd $(zstd --version | sed 's/.*v\([0-9.]*\).*/\1/')"; }
prepare() {
    mkdir tree
    awk 'BEGIN { x = 99; for (f = 0; f < 600; f++) { name = "tree/file" f; for (i = 0; i < 40 + f; i++) { x = (x * 1103515245 + 12345) % 2147483648; print "record", x % 1000, "of", f, x > name } close(name) } }'
    find tree -exec touch -h -d '2020-01-02 03:04:05 UTC' {} +
}
workload() {
    pack() { under tar --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -C "$shared" "$@"; }
    pack -cf all.tar tree
    pack -I 'zstd -T2 -6' -cf direct.tar.zst tree
    under zstd -q -T2 -19 all.tar -o all.tar.zst
    under zstd -q -T2 --long=27 -3 all.tar -o long.zst
    under xz -T2 -2 -k all.tar
    under gzip -9 -n -k all.tar
    sums all.tar direct.tar.zst all.tar.zst long.zst all.tar.xz all.tar.gz
    under zstd -q -d all.tar.zst -o again.tar && cmp again.tar all.tar
    under xz -dc all.tar.xz | cmp - all.tar
    under tar -xf direct.tar.zst
    diff -r tree "$shared/tree" && echo unpacked
    under zstd -q --train tree/* -o dictionary
    sums dictionary
    under tar -tvf all.tar | tail -n 3
}
