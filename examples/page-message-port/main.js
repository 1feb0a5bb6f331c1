// A page, and a worker that is a server: a mutual connection over a MessagePort.
import { connect } from 'warifu';
import { messagePortPipe } from 'warifu/pipes';

const pem = async (name) => (await fetch(`ca/${name}`)).text();

const { port1, port2 } = new MessageChannel();
new Worker('worker.js', { type: 'module' }).postMessage(port2, [port2]);

const tls = await connect(messagePortPipe(port1), {
  serverName: 'localhost',
  anchors: await pem('root.crt'),
  credential: { certificates: await pem('client.crt'), privateKey: await pem('client.key') },
});
await tls.writable.getWriter().write(new TextEncoder().encode('Who am I?'));
document.body.textContent = await new Response(tls.readable).text();
