// SMTP: begins in the clear, and changes to TLS on the same connection.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { connect } from 'warifu/node';

const [host = 'localhost', port = 587] = process.argv.slice(2);

/** Sends a command, if there is one, and reads the answer: the number of its last line has a space behind it. */
async function say(socket, command) {
  if (command !== undefined) socket.write(`${command}\r\n`);
  let answer = '';
  for (;;) {
    answer += socket.read() ?? '';
    if (/^\d{3} [^\r\n]*\r\n/m.test(answer)) return answer;
    await once(socket, 'readable');
  }
}

const plain = dial(port, host);
await say(plain);
await say(plain, 'EHLO client.example');
const answer = await say(plain, 'STARTTLS');
// What came behind this line came in the clear, from anyone: it must not be taken for an answer over TLS.
if (!/^220 [^\r\n]*\r\n$/.test(answer)) throw new Error(`no TLS: ${answer}`);

const tls = await connect(plain, { serverName: host, anchors: readFileSync('ca/root.crt', 'utf8') }).secured();
console.log(await say(tls, 'EHLO client.example'));
console.log(await say(tls, 'QUIT'));
tls.end();
