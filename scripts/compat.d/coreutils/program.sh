title=coreutils
light=yes
describe='sort (also --parallel=2 with small buffers), uniq, wc, sha256sum, join, split, tac, ls -lR, du, cp -r'
main=('/sort$' '/uniq$' '/wc$' '/sha256sum$' '/ls$' '/join$' '/tac$')

find_program() { elf sort >/dev/null && elf sha256sum >/dev/null; }
version() { sort --version | head -n 1; }
prepare() {
    awk 'BEGIN { x = 12345; for (i = 0; i < 200000; i++) { x = (x * 1103515245 + 12345) % 2147483648; printf "%d key%d %s\n", x % 50000, x % 997, i } }' >input
    local i
    for i in $(seq 1 60); do
        mkdir -p "tree/d$((i % 7))/e$((i % 3))"
        head -n "$i" input >"tree/d$((i % 7))/e$((i % 3))/file$i"
    done
    find tree -exec touch -h -d '2020-01-02 03:04:05 UTC' {} +
}
workload() {
    under sort "$shared/input" | tee sorted | sha256sum
    under sort -n -k1,1 -s -S 1M --parallel=2 "$shared/input" >numeric
    under sort -u -k2,2 "$shared/input" | sha256sum
    under cut -d ' ' -f 1 numeric | under uniq -c | under sort -rn | sed -n 1,20p
    under wc "$shared/input" sorted numeric
    under sha256sum sorted numeric
    under join -1 1 -2 1 <(sort -k1,1 "$shared/input" | head -n 3000) <(sort -k1,1 "$shared/input" | head -n 3000) | under md5sum
    under tac numeric | sed -n 1,5p
    under split -n l/7 numeric part. && cat part.* | cmp - numeric && ls part.*
    under tr a-z A-Z <sorted | under fold -w 20 | under tail -n 3
    under paste -d, part.aa part.ab | under cksum
    under ls -lR --time-style=full-iso "$shared/tree"
    under cp -r "$shared/tree" copy && under du -a --apparent-size --block-size=1 copy/d1/e1 | under sort -k2
    under find copy -type f -newermt 2019-01-01 | under wc -l
    under factor 1000000007 600851475143 18446744073709551557
    under seq -w 1 99999 | under shuf --random-source="$shared/input" -n 5
    under rm -r copy
}
