/** What a file is when it is neither PEM nor DER, and what to do about it: people hand in all sorts of things. */

/** A sentence; undefined: nothing that is known. */
export function foreignBytes(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'it is empty';
  const starts = (...prefix: readonly number[]): boolean => prefix.every((byte, i) => bytes[i] === byte);
  if (starts(0xfe, 0xed, 0xfe, 0xed) || starts(0xce, 0xce, 0xce, 0xce))
    return `it is a Java key store (${bytes[0] === 0xfe ? 'JKS' : 'JCEKS'}): make a PKCS#12 file of it with "warifu cert convert" or "keytool -importkeystore -srckeystore OLD -destkeystore NEW.p12 -deststoretype pkcs12"`;
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff) || starts(0x00, 0x2d) || starts(0x2d, 0x00))
    return 'it is text in UTF-16: save it as UTF-8 or ASCII (in PowerShell: Set-Content -Encoding ascii)';
  if (starts(0x50, 0x4b, 0x03, 0x04)) return 'it is a ZIP archive: unpack it, and give the file that is in it';
  if (starts(0x1f, 0x8b)) return 'it is compressed with gzip: unpack it first';
  return undefined;
}

/** A sentence; undefined: nothing that is known. The text holds no block of PEM, or one that is misshapen. */
export function foreignText(whole: string): string | undefined {
  // Enough to know it by, and no work out of proportion.
  const text = whole.slice(0, 8192);
  const start = text.trimStart();
  if (start === '') return 'it is empty';
  if (text.includes('\0')) return 'it is text in UTF-16: save it as UTF-8 or ASCII';
  if (/-----BEGIN [^\n]*\\n/.test(text))
    return 'its line breaks are spelled out as \\n, as variables of the environment often have them: replace them first, text.replaceAll("\\\\n", "\\n")';
  if (/^-----BEGIN PGP /m.test(text)) return 'it is a key or message of PGP, which is no certificate and no key of TLS';
  if (/^PuTTY-User-Key-File/.test(start))
    return 'it is a key of PuTTY: export it as an OpenSSH key with puttygen, and that with "ssh-keygen -p -m PKCS8 -f FILE"';
  if (/^(ssh-(rsa|ed25519|dss)|ecdsa-sha2-\S+|sk-\S+@openssh\.com) /.test(start))
    return 'it is a public key of SSH, which is no certificate and no private key';
  if (/^<(!doctype|html|\?xml)/i.test(start))
    return 'it is a page of HTML or XML: what was fetched is not the file itself';
  if (start.startsWith('{')) return 'it is JSON: a JWK is given as an object, JSON.parse(text)';
  if (/(^|[^-])-{1,4}\s?BEGIN [A-Z]|[\u2010-\u2015]{2,}\s?BEGIN/.test(text))
    return 'its BEGIN line has not five plain dashes on each side: it seems to have gone through a word processor or a mail';
  if (isPath(start))
    return 'it is a path and not the content of a file: read the file first, for example readFileSync(path)';
  if (/^[A-Za-z0-9+/=\s]{64,}$/.test(text))
    return 'it is base64 without lines around it: put "-----BEGIN CERTIFICATE-----" before it and the END line behind it, or decode it to DER';
  return undefined;
}

/** One short line that names a file. */
function isPath(text: string): boolean {
  const line = text.trimEnd();
  if (line.length > 1024 || /[\r\n]/.test(line)) return false;
  return (
    /^(file:|~?\/|\.{1,2}[/\\]|[A-Za-z]:[/\\]|\\\\)/.test(line) ||
    /\.(pem|crt|cer|der|key|p12|pfx|p7b|p7c|crl|csr|jks|txt|ca-bundle)$/i.test(line)
  );
}

const LABELS: { readonly [label: string]: string } = {
  'OPENSSH PRIVATE KEY':
    'a private key in the format of OpenSSH: rewrite it as PKCS#8 with "ssh-keygen -p -m PKCS8 -f FILE"',
  'PUBLIC KEY': 'a public key',
  'RSA PUBLIC KEY': 'a public key',
  'CERTIFICATE REQUEST': 'a certificate request (CSR): an authority makes a certificate of it',
  'NEW CERTIFICATE REQUEST': 'a certificate request (CSR): an authority makes a certificate of it',
  'X509 CRL': 'a list of revoked certificates (CRL)',
  'ATTRIBUTE CERTIFICATE': 'an attribute certificate, which says nothing about a key',
  'DH PARAMETERS': 'parameters of Diffie-Hellman',
  'EC PARAMETERS': 'parameters of a curve',
  'DSA PRIVATE KEY': 'a DSA key, which TLS has no use for any more',
};

/** What a block of PEM is that was not wanted. */
export function labelText(label: string): string {
  return LABELS[label] ?? `a block "${label}"`;
}
