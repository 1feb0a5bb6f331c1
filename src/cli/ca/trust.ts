/** How machines and programs come to trust a root: printed, and never done. */
export function trustText(path: string, name: string): string {
  const file = JSON.stringify(path);
  return `Nothing is changed by this command. A machine that trusts this root trusts all that it issues.

Programs, without touching the machine:
  curl             curl --cacert ${file} https://…
  Node             NODE_EXTRA_CA_CERTS=${file} node …
  Python requests  REQUESTS_CA_BUNDLE=${file} python …
  Go, OpenSSL      SSL_CERT_FILE=${file} … (instead of all others)
  warifu           connect(…, { anchors: readFileSync(${file}, 'utf8') })
  Java             keytool -importcert -alias ${alias(name)} -file ${file} -keystore trust.p12 -storetype pkcs12

Debian, Ubuntu     sudo cp ${file} /usr/local/share/ca-certificates/${alias(name)}.crt && sudo update-ca-certificates
Fedora, RHEL       sudo trust anchor --store ${file}
macOS              sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${file}
Windows            certutil -addstore -f ROOT ${file}   (as administrator)
Firefox            Settings, Certificates, View Certificates, Authorities, Import
Chrome on Linux    certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n ${JSON.stringify(name)} -i ${file}

To take it back: update-ca-certificates --fresh after deleting the file; trust anchor --remove ${file};
security delete-certificate -c ${JSON.stringify(name)}; certutil -delstore ROOT ${JSON.stringify(name)}.`;
}

function alias(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '') || 'warifu'
  );
}
