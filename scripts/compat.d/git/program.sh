title=git
light=yes
describe='init, fast-import of 600 commits, 15 commits by hand, merge, log -p, blame, grep, rebase, gc, repack, clone, fsck'
main=('/git$')

find_program() { program=$(elf git); }
version() { "$program" --version | cut -d ' ' -f 3; }
prepare() {
    # A history of 600 commits over 40 files, as git fast-import reads it.
    awk 'BEGIN {
        seed = 7
        for (c = 1; c <= 600; c++) {
            seed = (seed * 1103515245 + 12345) % 2147483648
            file = seed % 40
            text = ""
            for (l = 0; l < 60; l++) text = text "line " l " of file " file " in commit " (l % 7 == c % 7 ? c : int(c / 50)) " " (seed * (l + 1)) % 65537 "\n"
            message = "commit number " c
            printf "commit refs/heads/main\ncommitter A U Thor <author@example.com> %d +0000\ndata %d\n%s\n", 1600000000 + c * 60, length(message), message
            printf "M 100644 inline dir%d/file%d\ndata %d\n%s\n", file % 5, file, length(text), text
        }
        print "done"
    }' >history
}
workload() {
    export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=c \
        GIT_COMMITTER_EMAIL=c@example.com GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' GIT_PAGER=cat
    g() { under "$program" -c gc.autoDetach=false -c gc.auto=0 -c pack.threads=2 -c maintenance.auto=false "$@"; }
    g init -q -b main repository
    cd repository || return
    g fast-import --quiet --done <"$shared/history"
    g reset -q --hard
    local i
    g checkout -q -b side HEAD~20
    for i in $(seq 1 15); do
        seq 1 $((i * 50)) >"by-hand-$((i % 4))"
        g add -A
        g commit -q -m "by hand $i"
    done
    g merge -q -m merged main
    g log -p --stat | sha256sum
    g log --oneline --graph | tail -n 3
    g log -p -S'commit 11' --format=%h -- dir1 | sha256sum
    g blame dir1/file1 | sha256sum
    g grep -c 'of file 1' HEAD | sha256sum
    g diff --stat HEAD~300 HEAD | tail -n 2
    g rebase -q HEAD~10
    g gc -q --aggressive
    g repack -q -a -d -f --depth=20 --window=20
    g count-objects -v | grep -E '^(count|in-pack|packs|garbage)'
    g clone -q --no-local . ../clone
    g -C ../clone fsck --full --strict
    g -C ../clone log --format='%H %s' | sha256sum
    g -C ../clone archive HEAD | sha256sum
    g -C ../clone bundle create -q ../bundle HEAD
    g bundle verify -q ../bundle
}
