#!/bin/sh
# Makes the files of this folder with OpenSSL 3 (its legacy provider included). They are committed; run this only to
# make them anew. The password of every protected file is: correct horse
set -eu
cd "$(dirname "$0")"
P='correct horse'
PASS="pass:$P"

# Keys in plain forms
openssl ecparam -name prime256v1 -genkey -noout -out ec-sec1.pem
openssl ecparam -name secp384r1 -genkey -out ec-p384-sec1-with-parameters.pem
openssl ec -in ec-sec1.pem -outform DER -out ec-sec1.der
openssl pkcs8 -topk8 -nocrypt -in ec-sec1.pem -out ec-pkcs8.pem
openssl pkcs8 -topk8 -nocrypt -in ec-sec1.pem -outform DER -out ec-pkcs8.der
openssl ec -in ec-sec1.pem -no_public -out ec-sec1-no-public.pem
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out ec-p521-pkcs8.pem
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out ec-explicit-parameters.pem
openssl ecparam -name secp256k1 -genkey -noout -out ec-unknown-curve.pem
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa-pkcs8.pem
openssl pkey -in rsa-pkcs8.pem -traditional -out rsa-pkcs1.pem
openssl pkey -in rsa-pkcs8.pem -traditional -outform DER -out rsa-pkcs1.der
openssl genpkey -quiet -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsa-pss.pem
openssl genpkey -quiet -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha256 \
  -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32 -out rsa-pss-restricted.pem
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3 -out rsa-three-primes.pem
openssl genpkey -quiet -algorithm ED25519 -out ed25519.pem
openssl genpkey -quiet -algorithm ED448 -out ed448.pem
openssl genpkey -quiet -algorithm X25519 -out x25519.pem

# Keys with a password
openssl pkcs8 -topk8 -in ec-pkcs8.pem -passout "$PASS" -v2 aes-256-cbc -v2prf hmacWithSHA256 -out pkcs8-aes256-sha256.pem
openssl pkcs8 -topk8 -in ec-pkcs8.pem -passout "$PASS" -v2 aes-128-cbc -v2prf hmacWithSHA512 -outform DER -out pkcs8-aes128-sha512.der
openssl pkcs8 -topk8 -in ec-pkcs8.pem -passout "$PASS" -v2 aes-192-cbc -v2prf hmacWithSHA1 -out pkcs8-aes192-sha1.pem
openssl pkcs8 -topk8 -in ec-pkcs8.pem -passout "$PASS" -scrypt -out pkcs8-scrypt.pem
openssl pkcs8 -topk8 -in ec-pkcs8.pem -passout "$PASS" -v2 des3 -out pkcs8-3des.pem
openssl pkcs8 -topk8 -in ec-pkcs8.pem -passout "$PASS" -v1 PBE-SHA1-3DES -out pkcs8-pkcs12-3des.pem
openssl pkcs8 -topk8 -in ec-pkcs8.pem -passout "$PASS" -provider legacy -provider default -v1 PBE-SHA1-RC2-40 -out pkcs8-pkcs12-rc2-40.pem
openssl pkcs8 -topk8 -in ec-pkcs8.pem -passout "$PASS" -provider legacy -provider default -v1 PBE-SHA1-RC2-128 -out pkcs8-pkcs12-rc2-128.pem
openssl ec -in ec-sec1.pem -aes256 -passout "$PASS" -out ec-sec1-proc-type-aes256.pem
openssl rsa -in rsa-pkcs8.pem -traditional -des3 -passout "$PASS" -out rsa-pkcs1-proc-type-3des.pem

# Certificates
openssl req -x509 -new -key rsa-pkcs8.pem -subj '/O=Formats/CN=Root' -days 14000 -out root.pem
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' > ca.ext
openssl req -new -key ec-p521-pkcs8.pem -subj '/O=Formats/CN=Intermediate' |
  openssl x509 -req -CA root.pem -CAkey rsa-pkcs8.pem -set_serial 2 -days 14000 -extfile ca.ext -out intermediate.pem
printf 'basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:formats.example\nextendedKeyUsage=serverAuth\n' > leaf.ext
openssl req -new -key ec-pkcs8.pem -subj '/O=Formats/CN=formats.example' |
  openssl x509 -req -CA intermediate.pem -CAkey ec-p521-pkcs8.pem -set_serial 3 -days 14000 -extfile leaf.ext -out leaf.pem
rm ca.ext leaf.ext
openssl x509 -in leaf.pem -outform DER -out leaf.der
cat leaf.pem intermediate.pem root.pem > chain.pem
{ echo 'Root first, Windows line ends, words between the blocks'; echo; cat root.pem; echo 'then the leaf'; openssl x509 -in leaf.pem -text;
  echo; cat intermediate.pem; cat ec-sec1.pem; } | sed 's/$/\r/' > everything-crlf.pem
openssl crl2pkcs7 -nocrl -certfile chain.pem -out chain.p7b.pem
openssl crl2pkcs7 -nocrl -certfile chain.pem -outform DER -out chain.p7b
printf 'some text' | openssl cms -sign -signer leaf.pem -inkey ec-pkcs8.pem -certfile intermediate.pem -stream -indef -nodetach -outform DER -out signed-indefinite.p7m

# PKCS#12
cat intermediate.pem root.pem > others.pem
p12() { out=$1; shift; openssl pkcs12 -export -inkey ec-pkcs8.pem -in leaf.pem -certfile others.pem -name leaf -passout "$PASS" "$@" -out "$out"; }
p12 modern.p12
p12 aes128-sha512.p12 -keypbe AES-128-CBC -certpbe AES-128-CBC -macalg sha512
p12 certificates-plain.p12 -certpbe NONE
p12 legacy-rc2-40.p12 -legacy
p12 legacy-3des.p12 -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1
p12 no-mac.p12 -nomac
openssl pkcs12 -export -inkey ec-pkcs8.pem -in leaf.pem -passout pass: -out empty-password.p12
openssl pkcs12 -export -nokeys -in chain.pem -passout "$PASS" -out certificates-only.p12
openssl pkcs12 -export -inkey ec-pkcs8.pem -in leaf.pem -passout 'pass:Grüße 🔑' -out unicode-password.p12
rm others.pem
openssl version > made-with.txt
