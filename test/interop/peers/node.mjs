// The tls module of Node, Deno and Bun as a peer of the interop matrix; what it is told, and what it answers: README.md.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { constants } from 'node:crypto';
import tls from 'node:tls';

const PIECE = 16_384;

for await (const text of createInterface({ input: process.stdin })) {
  const [command, ...words] = text.split(' ');
  const order = Object.fromEntries(words.map((word) => [word.split('=')[0], word.slice(word.indexOf('=') + 1)]));
  try {
    console.log(await (command === 'serve' ? serve(order) : connect(order)));
  } catch (error) {
    console.log(`error ${error?.code ?? ''} ${String(error?.message ?? error).replaceAll('\n', ' ')}`);
  }
}

function serve(order) {
  const options = common(order);
  if (order.auth) Object.assign(options, { requestCert: true, rejectUnauthorized: true });
  if (order.ids) options.secureOptions = constants.SSL_OP_NO_TICKET;
  const server = tls.createServer(options, (socket) => {
    socket.on('error', (error) => console.log(`server-error ${error.message}`));
    socket.on('end', () => socket.end());
    socket.on('data', (bytes) => socket.write(bytes));
  });
  server.on('tlsClientError', (error) => console.log(`server-error ${error.message}`));
  if (order.staple) {
    const staple = readFileSync(order.staple);
    server.on('OCSPRequest', (_certificate, _issuer, done) => done(null, staple));
  }
  if (order.ids) {
    // Node leaves the cache to the program.
    const sessions = new Map();
    server.on('newSession', (id, session, done) => {
      sessions.set(id.toString('hex'), session);
      done();
    });
    server.on('resumeSession', (id, done) => done(null, sessions.get(id.toString('hex')) ?? null));
  }
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(`serving ${server.address().port}`)));
}

async function connect(order) {
  let session;
  let answer = '';
  for (let left = Number(order.times ?? 1); left > 0; left--) ({ answer, session } = await once(order, session));
  return answer;
}

function once(order, offered) {
  const total = Number(order.bytes);
  return new Promise((resolve, reject) => {
    const options = { ...common(order), host: '127.0.0.1', port: Number(order.port), servername: 'server.example' };
    if (offered !== undefined) options.session = offered;
    if (order.staple) options.requestOCSP = true;
    if (order.ids) options.secureOptions = constants.SSL_OP_NO_TICKET;
    const socket = tls.connect(options);
    const facts = {};
    let session;
    let done = 0;
    let waiting = Buffer.alloc(0);
    let arrived = [];
    let size = 0;
    const send = () => {
      if (done === total) return void socket.end();
      waiting = Buffer.from({ length: Math.min(PIECE, total - done) }, (_, i) => ((done + i) * 7) % 251);
      socket.write(waiting);
    };
    socket.on('session', (bytes) => {
      session = bytes;
    });
    socket.on('OCSPResponse', (bytes) => {
      facts.ocsp = bytes?.length ?? 0;
    });
    socket.on('secureConnect', () => {
      facts.version = { 'TLSv1.2': '1.2', 'TLSv1.3': '1.3' }[socket.getProtocol()];
      facts.alpn = socket.alpnProtocol || '';
      facts.resumed = socket.isSessionReused() ? 1 : 0;
      send();
    });
    socket.on('data', (bytes) => {
      arrived.push(bytes);
      size += bytes.length;
      if (size < waiting.length) return;
      if (!Buffer.concat(arrived).equals(waiting))
        return void socket.destroy(new Error('what came back is not what was sent'));
      done += size;
      arrived = [];
      size = 0;
      send();
    });
    socket.on('end', () => {
      facts.clean = 1;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (done < total) return reject(new Error('closed too early'));
      session ??= socket.getSession?.();
      resolve({
        session,
        answer: `ok ${Object.entries(facts)
          .map((entry) => entry.join('='))
          .join(' ')}`,
      });
    });
  });
}

function common(order) {
  const options = {};
  if (order.version) options.minVersion = options.maxVersion = `TLSv${order.version}`;
  if (order.cert) Object.assign(options, { cert: readFileSync(order.cert), key: readFileSync(order.key) });
  if (order.roots)
    options.ca = readFileSync(order.roots, 'utf8')
      .split(/(?<=-----END CERTIFICATE-----\n)/)
      .filter((pem) => pem.trim());
  if (order.alpn) options.ALPNProtocols = [order.alpn];
  if (order.group) options.ecdhCurve = order.group;
  return options;
}
