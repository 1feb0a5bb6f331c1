import nodemailer from 'nodemailer';
import { SMTPServer } from 'smtp-server';
import { expect } from './support.mjs';

export async function run({ ca, cert, key, clientCert, clientKey }) {
  const got = [];
  // Straight away, and after STARTTLS.
  for (const secure of [true, false]) {
    const server = new SMTPServer({
      secure,
      key,
      cert,
      ca,
      requestCert: true,
      rejectUnauthorized: true,
      disabledCommands: ['AUTH'],
      onData(stream, session, callback) {
        let length = 0;
        stream
          .on('data', (chunk) => {
            length += chunk.length;
          })
          .on('end', () => {
            got.push([session.secure, session.tlsOptions?.name !== undefined, length > 50_000]);
            callback();
          });
      },
    });
    server.on('error', () => {});
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const mail = nodemailer.createTransport({
      host: '127.0.0.1',
      port: server.server.address().port,
      secure,
      requireTLS: !secure,
      tls: { ca, servername: 'localhost', cert: clientCert, key: clientKey },
    });
    await mail.sendMail({ from: 'a@a.example', to: 'b@b.example', subject: 'c', text: 'd '.repeat(40_000) });
    mail.close();
    await new Promise((done) => server.close(done));
  }
  expect(got, [
    [true, true, true],
    [true, true, true],
  ]);
}
