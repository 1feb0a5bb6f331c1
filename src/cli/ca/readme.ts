/** The README.md of an authority's folder: what each file is, and who gets it. */
export function readme(name: string): string {
  return `# ${name.replaceAll(/[\r\n]/g, ' ')}

An authority of your own, made by \`warifu ca\`. A machine that trusts \`root.crt\` trusts every certificate made here: give it to
your own machines and programs only.

| file | what it is | who gets it |
|---|---|---|
| \`root.crt\` | the root's certificate | everybody who is to trust what is issued here |
| \`server.crt\` | the server's certificate, and the intermediate's behind it | the server |
| \`server.key\` | the server's private key | the server alone |
| \`client.crt\`, \`client.key\` | the same for a client | the client |
| \`client.p12\` | the client's certificate and key for a browser; its password was printed when it was made | the client |
| \`crl.pem\` | what is revoked: the lists of both authorities | servers that check clients |
| \`intermediate.crl\` | the intermediate's list alone, in DER | who fetches it |
| \`authority/\` | **the keys of the authority**, and what it has issued | none: it stays here |

The private keys are readable by their owner only. Make a copy of \`authority/\` and keep it elsewhere: without it nothing can
be issued or revoked any more.

    warifu ca server www.example.test 192.0.2.1   # one more server (--out names its files)
    warifu ca client alice@example.test           # one more client
    warifu ca list                                # what was issued
    warifu ca revoke client.crt                   # and a new crl.pem
    warifu ca crl                                 # a new crl.pem, before the old one expires
    warifu ca ocsp --port 8080                    # a responder
    warifu ca trust                               # how machines and browsers come to trust root.crt

A server that asks for client certificates, and a client that has one:

    openssl s_server -accept 8443 -cert server.crt -cert_chain server.crt -key server.key -CAfile root.crt -Verify 2
    curl --cacert root.crt --cert client.crt --key client.key https://localhost:8443/

For nginx:

    ssl_certificate        server.crt;
    ssl_certificate_key    server.key;
    ssl_client_certificate root.crt;
    ssl_verify_client      on;
    ssl_verify_depth       2;
    ssl_crl                crl.pem;
`;
}
