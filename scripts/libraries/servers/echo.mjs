// Servers with Node's own TLS for libraries that speak HTTP, WebSocket or gRPC: run from the folder of the libraries, with a
// file that has certificate, key and authority as its argument. Prints its ports.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';

const { folder, ca, cert, key } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const require = createRequire(`${folder}/package.json`);
const { WebSocketServer } = require('ws');
const grpc = require('@grpc/grpc-js');

const server = https.createServer(
  { cert, key, ca, requestCert: true, rejectUnauthorized: false },
  (request, response) => {
    let length = 0;
    request.on('data', (chunk) => {
      length += chunk.length;
    });
    request.on('end', () => {
      const from = request.socket.authorized ? request.socket.getPeerCertificate().subject.CN : null;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ from, length }));
    });
  },
);
new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
await new Promise((done) => server.listen(0, '127.0.0.1', done));

const pass = (value) => value;
const method = (path, responseStream) => ({
  path,
  requestStream: false,
  responseStream,
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
});
const echo = new grpc.Server();
echo.addService(
  { say: method('/echo.Echo/Say', false), count: method('/echo.Echo/Count', true) },
  {
    say: (call, done) => done(null, call.request),
    count: (call) => {
      for (let n = 0; n < Number(call.request); n++) call.write(Buffer.from(`${n}`));
      call.end();
    },
  },
);
const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
const bound = await new Promise((done, fail) =>
  echo.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createSsl(Buffer.from(ca), [pair], true), (error, port) =>
    error ? fail(error) : done(port),
  ),
);
console.log(`ports ${server.address().port} ${bound}`);
