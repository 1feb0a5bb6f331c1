import nodemailer from 'nodemailer';
import { expect, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const send = async (secure, tls, to = 'b@b.example') => {
    const mail = nodemailer.createTransport({
      // An address: it looks names up by itself, which workerd does at Cloudflare.
      host: '127.0.0.1',
      port: secure ? ports.smtps : ports.smtp,
      secure,
      requireTLS: !secure,
      tls: { servername: 'localhost', ...tls },
    });
    try {
      return (await mail.sendMail({ from: 'a@a.example', to, subject: 'c', text: 'd '.repeat(40_000) })).response;
    } finally {
      mail.close();
    }
  };
  // At once, and after STARTTLS.
  for (const secure of [true, false]) {
    expect((await send(secure, { ca })).startsWith('250 OK'), true);
    // Taken from clients with a certificate only.
    const certified = await send(secure, { ca, cert: clientCert, key: clientKey }, 'certified@b.example');
    expect(certified.startsWith('250 OK'), true);
    await refused('EENVELOPE', () => send(secure, { ca }, 'certified@b.example'));
    await refused(UNKNOWN, () => send(secure, { ca: otherCa }));
  }
}
