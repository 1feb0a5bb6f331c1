/** docs/testkit.md: what there is to test clients and servers with, from the declarations of the faults. */
import { alertName } from '../src/engine/alerts.ts';
import { CLIENT_FAULTS, type Fault, SERVER_FAULTS } from '../src/testkit/index.ts';

export function testkitPage(): string {
  return `# Testing clients and servers: warifu/testkit

The tables are made from the declarations by \`npm run docs:generate\`.

One process, one port, one name for each fault: a client that asks for \`expired.localhost\` meets a certificate that has
expired. Everything else is as it should be, under the right keys, so a client that does not look for the fault connects.

\`\`\`sh
npx warifu badserver --port 8443 --out-root root.crt
curl --cacert root.crt https://expired.localhost:8443/
npx warifu badclient localhost:8443
\`\`\`

\`badserver\` says of each connection what the client did and whether that was right; \`badclient\` does the same with a server of
your own, and its exit code is 1 when the server was wrong about something. \`--only FAULT\` is for clients that ask for no
name, \`--json\` for programs. In tests of your own:

\`\`\`ts
import { connect } from 'warifu/node';
import { startBadServer } from 'warifu/testkit';

const server = await startBadServer();
for (const { name, kind } of server.faults) {
  if (kind !== 'certificate') continue;
  const next = server.next(name);
  const socket = connect(server, { anchors: server.root, serverName: server.nameOf(name), handshakeTimeout: 2000 });
  await socket.secured().catch(() => {}); // the client that is tested
  socket.destroy();
  console.log(name, (await next).judgement); // 'right', 'another alert' or 'wrong'
}
await server.close();
\`\`\`

What is right: \`connect\`, as if nothing were wrong; \`refuse\`, before a byte of data is sent; \`notice\`, when data has come;
\`give up\`, after a while, for nothing comes. A refusal in other words than these alerts is "another alert": many programs
check the name after the handshake, and just hang up. Only the client itself can say whether it noticed that data was cut off.

## Faults of a server

${table(SERVER_FAULTS)}

## Faults of a client

${table(CLIENT_FAULTS)}

## What others make of them

Run by the tests on each change: node:tls and curl are right about all faults that are to be refused, or refuse them in other
words, but for these: neither looks into revocation unless it is told to (\`revoked\`, \`no-staple\`); both take a name that
stands in the subject alone (\`common-name-only\`); OpenSSL ignores an extension that it does not know and did not ask for
(\`unsolicited-extension\`); and node:tls takes an RSA key of 1024 bits (\`weak-key\`).
`;
}

function table(faults: readonly Fault[]): string {
  const rows = faults.map(({ name, about, right, alerts, code, rfc }) => {
    const alert = alerts[0] === undefined ? '' : `: ${alertName(alerts[0])}`;
    return `| \`${name}\` | ${about} | ${right}${alert} | ${code === undefined ? '' : `\`${code}\``} | ${rfc} |`;
  });
  return [
    '| fault | what is wrong | what is right | our error | rule |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
