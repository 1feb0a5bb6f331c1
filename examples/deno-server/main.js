// A server in Deno, for clients with certificates: says who they are, and sends back what they send.
import { accept, createServerContext } from 'warifu';

const context = createServerContext({
  credential: {
    certificates: await Deno.readTextFile('ca/server.crt'),
    privateKey: await Deno.readTextFile('ca/server.key'),
  },
  clientAuth: 'require',
  anchors: await Deno.readTextFile('ca/root.crt'),
});

async function serve(connection) {
  const tls = await accept(connection, { context });
  console.log(`${tls.peer.identities.subject} is here`);
  await tls.readable.pipeTo(tls.writable);
}

const listener = Deno.listen({ port: Number(Deno.env.get('PORT') ?? 8443) });
console.log(`localhost:${listener.addr.port}`);
for await (const connection of listener) serve(connection).catch((error) => console.error(error.message));
