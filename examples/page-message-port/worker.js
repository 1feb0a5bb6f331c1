// The server: takes clients with a certificate, and tells them who they are.
import { accept } from 'warifu';
import { messagePortPipe } from 'warifu/pipes';

const pem = async (name) => (await fetch(`ca/${name}`)).text();

self.onmessage = async ({ data: port }) => {
  const tls = await accept(messagePortPipe(port), {
    credential: { certificates: await pem('server.crt'), privateKey: await pem('server.key') },
    clientAuth: 'require',
    anchors: await pem('root.crt'),
  });
  await tls.readable.getReader().read();
  const writer = tls.writable.getWriter();
  await writer.write(new TextEncoder().encode(`You are ${tls.peer.identities.spiffe[0]}.`));
  await writer.close();
};
