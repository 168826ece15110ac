# Indexed and associative arrays that grow, shrink and are copied.
declare -a numbers words
declare -A count square
for ((i = 0; i < 20000; i++)); do
    numbers[i]=$((i * 7919 % 10007))
    square[$((i % 500))]+=x$i
done
copy=("${numbers[@]}")
unset 'copy[100]' 'copy[200]'
echo "${#numbers[@]} ${#copy[@]} ${numbers[19999]} ${#square[@]} ${#square[499]}"
for word in ${numbers[@]:0:3000}; do
    ((count[$((word % 97))]++))
done
for key in $(printf '%s\n' "${!count[@]}" | sort -n); do
    printf '%s=%s ' "$key" "${count[$key]}"
done
echo

# Strings.
text=
for ((i = 0; i < 3000; i++)); do
    text+="line $i of the text, "
done
echo "${#text} ${text:1000:30} ${text//text/TEXT}" | cksum
upper=${text^^}
echo "${#upper} ${upper##*LINE}"
printf -v joined '%s;' "${numbers[@]}"
echo "${#joined}"
IFS=';' read -r -a words <<<"$joined"
echo "${#words[@]} ${words[-1]}"

# Functions, recursion, local variables.
fibonacci() {
    local n=$1
    ((n < 2)) && { result=$n; return; }
    fibonacci $((n - 1))
    local first=$result
    fibonacci $((n - 2))
    ((result += first))
}
fibonacci 14
echo "$result"

# Subshells, pipes, process substitution, here-documents.
for i in {1..40}; do
    (echo "subshell $i" | tr a-z A-Z | sed "s/$/ $((i * i))/")
done
printf '%s\n' "${numbers[@]}" | sort -n | uniq -c | sort -rn | head -n 5
comm -12 <(seq 1 500 | sort) <(seq 250 750 | sort) | wc -l
mapfile -t lines < <(seq 1 20000)
echo "${#lines[@]} ${lines[12345]}"
while IFS=, read -r left right; do
    echo "$right-$left"
done <<END
a,b
c,d
END
[[ ${text:0:40} =~ line\ ([0-9]+)\ of ]] && echo "${BASH_REMATCH[1]}"
trap 'echo trapped' USR1
kill -USR1 $$
shopt -s extglob globstar
case abcabc in +(abc)) echo matched ;; esac
(exit 7)
echo "status $?"
exit 0
