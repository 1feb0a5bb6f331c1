// MQTT from a page: over a relay that sees nothing but TLS, with a client certificate.
import mqtt from 'mqtt';
import { Duplex } from 'readable-stream';
import { connect } from 'warifu';
import { toDuplex, webSocketPipe } from 'warifu/pipes';

const pem = async (name) => (await fetch(`ca/${name}`)).text();
const { relay, token, server } = Object.fromEntries(new URLSearchParams(location.search));

const tls = await connect(webSocketPipe(new WebSocket(`${relay}/${server}`, ['warifu.relay', `token.${token}`])), {
  serverName: server.split(':')[0],
  anchors: await pem('root.crt'),
  credential: { certificates: await pem('database.crt'), privateKey: await pem('database.key') },
});
const client = new mqtt.MqttClient(() => toDuplex(tls, Duplex), { clientId: 'page', reconnectPeriod: 0 });
client.on('message', (topic, message) => {
  document.body.textContent = `${topic}: ${message}`;
});
await client.subscribeAsync('greetings/+');
await client.publishAsync('greetings/page', 'hello', { qos: 1 });
