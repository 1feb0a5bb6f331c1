import { ImapFlow } from 'imapflow';
import { expect, numbers, refused, UNKNOWN } from './support.mjs';

export async function run({ ca, otherCa, clientCert, clientKey, ports }) {
  const open = async (secure, tls) => {
    const client = new ImapFlow({
      host: 'localhost',
      port: secure ? ports.imaps : ports.imap,
      secure,
      ...(!secure && { doSTARTTLS: true }),
      auth: { user: 'warifu', pass: 'a-secret' },
      tls: { servername: 'localhost', ...tls },
      logger: false,
    });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  // At once, and after STARTTLS.
  for (const secure of [true, false]) {
    const client = await open(secure, { ca, cert: clientCert, key: clientKey });
    const box = `box-${secure}-${Math.random().toString(36).slice(2)}`;
    await client.mailboxCreate(box);
    for (const n of numbers(3)) await client.append(box, `Subject: number ${n}\r\n\r\n${'text '.repeat(20_000)}\r\n`);
    const lock = await client.getMailboxLock(box);
    const found = [];
    for await (const { envelope, source } of client.fetch('1:*', { envelope: true, source: true }))
      found.push([envelope.subject, source.length > 100_000]);
    lock.release();
    expect(
      found,
      numbers(3).map((n) => [`number ${n}`, true]),
    );
    await client.mailboxDelete(box);
    await client.logout();
    await refused(UNKNOWN, () => open(secure, { ca: otherCa }));
  }
}
