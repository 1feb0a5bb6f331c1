// A server in Bun, for clients with certificates: says who they are, and sends back what they send.
import { createServer } from 'warifu/node';

const pem = (name) => Bun.file(`ca/${name}`).text();

const server = createServer(
  {
    credential: { certificates: await pem('server.crt'), privateKey: await pem('server.key') },
    clientAuth: 'require',
    anchors: await pem('root.crt'),
  },
  (socket) => {
    console.log(`${socket.peer.identities.subject} is here`);
    socket.on('error', (error) => console.error(error.message));
    socket.pipe(socket);
  },
);
server.on('tlsClientError', (error) => console.error(error.message));
server.listen(process.env.PORT ?? 8443, () => console.log(`localhost:${server.address().port}`));
