// PostgreSQL from a page: over a relay that sees nothing but TLS, with a certificate in place of a password.
import { connect } from 'warifu';
import { webSocketPipe } from 'warifu/pipes';
import { ask, sslRequest, startup } from './protocol.js';

const pem = async (name) => (await fetch(`ca/${name}`)).text();
const { relay, token, server, user } = Object.fromEntries(new URLSearchParams(location.search));

const pipe = webSocketPipe(new WebSocket(`${relay}/${server}`, ['warifu.relay', `token.${token}`]));
await sslRequest(pipe);
const tls = await connect(pipe, {
  serverName: server.split(':')[0],
  anchors: await pem('root.crt'),
  credential: { certificates: await pem('database.crt'), privateKey: await pem('database.key') },
});
await startup(tls, { user, database: 'postgres' });
const [row] = await ask(tls, 'select ssl, version, client_dn from pg_stat_ssl where pid = pg_backend_pid()');
document.body.textContent = row.join(' ');
