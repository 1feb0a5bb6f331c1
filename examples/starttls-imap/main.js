// IMAP: begins in the clear, and changes to TLS on the same connection.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { connect } from 'warifu/node';

const [host = 'localhost', port = 143] = process.argv.slice(2);

/** Sends a command with this tag, if there is one, and reads until the line that answers it. */
async function say(socket, tag, command) {
  if (command !== undefined) socket.write(`${tag} ${command}\r\n`);
  let answer = '';
  const lines = () => answer.split('\r\n').slice(0, -1);
  for (;;) {
    answer += socket.read() ?? '';
    if (lines().some((line) => line.startsWith(`${tag} `))) return answer;
    await once(socket, 'readable');
  }
}

const plain = dial(port, host);
await say(plain, '*');
const answer = await say(plain, 'a', 'STARTTLS');
// What came behind this line came in the clear, from anyone: it must not be taken for an answer over TLS.
if (!/^a OK [^\r\n]*\r\n$/.test(answer)) throw new Error(`no TLS: ${answer}`);

const tls = await connect(plain, { serverName: host, anchors: readFileSync('ca/root.crt', 'utf8') }).secured();
console.log(await say(tls, 'b', 'CAPABILITY'));
console.log(await say(tls, 'c', 'LOGOUT'));
tls.end();
