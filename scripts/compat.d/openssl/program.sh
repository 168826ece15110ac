title=openssl
light=yes
describe='genrsa, req, x509, ec, dgst, enc and dec, pkcs12, cms, TLS between s_server and s_client'
main=('/openssl$')

find_program() { program=$(elf openssl); }
version() { "$program" version | cut -d ' ' -f 2; }
prepare() {
    seq 1 200000 >plain.txt
    "$program" genrsa -out key.pem 2048
    "$program" req -x509 -key key.pem -subj /CN=localhost -days 2 -out certificate.pem
}
workload() {
    local key=$shared/key.pem port
    under "$program" genrsa -out new.pem 2048
    under "$program" rsa -in new.pem -check -noout
    under "$program" ecparam -name prime256v1 -genkey -noout -out ec.pem
    under "$program" ec -in ec.pem -check -noout 2>&1
    # RSA signatures of this kind are deterministic, so these outputs are compared byte by byte.
    under "$program" req -new -key "$key" -subj '/C=XX/O=example/CN=localhost' | sha256sum
    under "$program" dgst -sha256 -sign "$key" "$shared/plain.txt" | sha256sum
    under "$program" dgst -sha512 -sha3-256 "$shared/plain.txt" 2>/dev/null | sed 's/.*= //'
    under "$program" dgst -sha3-256 "$shared/plain.txt" | sed 's/.*= //'
    under "$program" enc -aes-256-cbc -pbkdf2 -S 0102030405060708 -pass pass:word -in "$shared/plain.txt" -out cipher
    sums cipher
    under "$program" enc -d -aes-256-cbc -pbkdf2 -S 0102030405060708 -pass pass:word -in cipher | cmp - "$shared/plain.txt" && echo decrypted
    under "$program" x509 -in "$shared/certificate.pem" -noout -text | sha256sum
    under "$program" pkcs12 -export -inkey "$key" -in "$shared/certificate.pem" -passout pass:word -out store.p12
    under "$program" pkcs12 -in store.p12 -passin pass:word -nodes | grep -c 'BEGIN'
    under "$program" cms -sign -binary -nodetach -in "$shared/plain.txt" -signer "$shared/certificate.pem" -inkey "$key" -outform DER -out signed
    under "$program" cms -verify -binary -inform DER -in signed -noverify -out verified && cmp verified "$shared/plain.txt" && echo verified
    under "$program" rand 100000 | wc -c
    port=$(free_port)
    start_server 15 "$program" s_server -accept "127.0.0.1:$port" -cert "$shared/certificate.pem" -key "$key" -quiet -www
    wait_until answers "$port"
    local i
    for i in 1 2 3; do
        printf 'GET / HTTP/1.0\r\n\r\n' |
            under "$program" s_client -connect "127.0.0.1:$port" -quiet -ign_eof 2>/dev/null | grep -cE 'HTTP|s_server|Ciphers'
    done
    stop_servers
}
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
