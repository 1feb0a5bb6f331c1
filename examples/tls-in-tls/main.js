// A tunnel of TLS in TLS: the gateway knows us by our certificate, and sees nothing of what goes through it but TLS.
import { readFileSync } from 'node:fs';
import { connect } from 'warifu/node';

const pem = (name) => readFileSync(`ca/${name}`, 'utf8');
const anchors = pem('root.crt');
const [gateway = 8443] = process.argv.slice(2);

const outer = connect(
  { host: 'localhost', port: Number(gateway) },
  { anchors, credential: { certificates: pem('client.crt'), privateKey: pem('client.key') } },
);
const inner = connect(outer, { anchors, serverName: 'inner.localhost' });
inner.end('GET / HTTP/1.0\r\n\r\n');
inner.pipe(process.stdout);
