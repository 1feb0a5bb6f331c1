// A connection whose secrets are written down, so that Wireshark and tshark can read what was captured.
import { appendFileSync, readFileSync } from 'node:fs';
import { connect } from 'warifu/node';

const [port = 8443] = process.argv.slice(2);
const socket = connect(
  { host: 'localhost', port: Number(port) },
  {
    anchors: readFileSync('ca/root.crt', 'utf8'),
    // Anyone who has this file can read the connection.
    keyLog: (line) => appendFileSync('keys.log', `${line}\n`, { mode: 0o600 }),
  },
);
socket.end('GET /secret HTTP/1.0\r\n\r\n');
socket.pipe(process.stdout);
