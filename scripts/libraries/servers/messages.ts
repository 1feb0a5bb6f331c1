import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, type Host, LOCAL, NotHere, needsRoot, PASSWORD, type Ports } from './host.ts';

/** Brokers and mail. */

export async function startMosquitto(host: Host): Promise<Ports> {
  const server = host.find('Mosquitto', '/usr/sbin/mosquitto');
  const files = host.folder('mosquitto');
  const { mosquitto } = await freePorts('mosquitto');
  const lines = [
    `listener ${mosquitto} ${LOCAL}`,
    `certfile ${files.path('cert.pem')}`,
    `keyfile ${files.path('key.pem')}`,
    `cafile ${files.path('ca.pem')}`,
    'require_certificate true',
    'allow_anonymous true',
  ];
  const config = files.add('mosquitto.conf', `${lines.join('\n')}\n`);
  host.give(files, 'mosquitto');
  await host.start(...host.as('mosquitto', server, ['-v', '-c', config]), /running/);
  return { mosquitto: mosquitto! };
}

/** TLS of Erlang/OTP. Its port mapper is a process of ours, so that it ends with the rest. */
export async function startRabbitmq(host: Host): Promise<Ports> {
  const server = host.find('RabbitMQ', '/usr/lib/rabbitmq/bin/rabbitmq-server');
  const files = host.folder('rabbitmq');
  const { rabbitmq, mapper, distribution } = await freePorts('rabbitmq', 'mapper', 'distribution');
  const lines = [
    'listeners.tcp = none',
    `listeners.ssl.1 = ${LOCAL}:${rabbitmq}`,
    `ssl_options.certfile = ${files.path('cert.pem')}`,
    `ssl_options.keyfile = ${files.path('key.pem')}`,
    `ssl_options.cacertfile = ${files.path('ca.pem')}`,
    'ssl_options.verify = verify_peer',
    'ssl_options.fail_if_no_peer_cert = false',
    'log.console = true',
    'log.file = false',
  ];
  const config = files.add('rabbitmq.conf', `${lines.join('\n')}\n`);
  const plugins = files.add('enabled_plugins', '[].\n');
  host.give(files, 'rabbitmq');
  const epmd = host.as('rabbitmq', 'epmd', ['-port', `${mapper}`, '-address', LOCAL, '-debug']);
  const environment = {
    HOME: files.directory,
    ERL_EPMD_PORT: `${mapper}`,
    ERL_EPMD_ADDRESS: LOCAL,
    RABBITMQ_NODENAME: 'warifu@localhost',
    RABBITMQ_DIST_PORT: `${distribution}`,
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_MNESIA_BASE: files.path('mnesia'),
    RABBITMQ_LOG_BASE: files.path('log'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface {127,0,0,1}`,
  };
  await host.start(...epmd, /epmd running/, environment);
  await host.start(...host.as('rabbitmq', server, []), /Server startup complete/, environment);
  return { rabbitmq: rabbitmq! };
}

export async function startNats(host: Host): Promise<Ports> {
  const server = host.find('nats-server', '/usr/sbin/nats-server', '/usr/bin/nats-server');
  const files = host.folder();
  const { nats } = await freePorts('nats');
  const tls = ['--tlsverify', '--tlscert', files.path('cert.pem'), '--tlskey', files.path('key.pem')];
  const at = ['-a', LOCAL, '-p', `${nats}`, '--tlscacert', files.path('ca.pem')];
  await host.start(server, [...at, ...tls], /Server is ready/);
  return { nats: nats! };
}

/** Apache Kafka, which Debian does not have: a folder of its jars, as Maven has them. TLS of the JDK. */
export async function startKafka(host: Host): Promise<Ports> {
  const jars = process.env.KAFKA_JARS;
  if (jars === undefined) throw new NotHere('Kafka is no package of Debian; KAFKA_JARS names a folder with its jars');
  if (!existsSync(jars) || !readdirSync(jars).some((name) => /^kafka_.*\.jar$/.test(name)))
    throw new NotHere(`there is no Kafka in ${jars}`);
  const files = host.folder();
  const { kafka, controller, internal } = await freePorts('kafka', 'controller', 'internal');
  const { cert, key } = host.identity;
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@${LOCAL}:${controller}`,
    `listeners=SSL://${LOCAL}:${kafka},INTERNAL://${LOCAL}:${internal},CONTROLLER://${LOCAL}:${controller}`,
    `advertised.listeners=SSL://localhost:${kafka},INTERNAL://${LOCAL}:${internal}`,
    'listener.security.protocol.map=SSL:SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names=CONTROLLER',
    // To itself it would be a client, which the certificate of a server is not for.
    'inter.broker.listener.name=INTERNAL',
    `log.dirs=${files.path('log')}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'ssl.client.auth=required',
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${files.add('keystore.pem', `${key.trim()}\n${cert}`)}`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${files.path('ca.pem')}`,
  ];
  const config = files.add('server.properties', `${lines.join('\n')}\n`);
  const java = (program: string, ...args: readonly string[]): readonly string[] => [
    '-Xmx400m',
    '-cp',
    join(jars, '*'),
    program,
    ...args,
  ];
  host.run('java', java('kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAQACAAAAAAAAAAA', '-c', config));
  await host.start('java', java('kafka.Kafka', config), /Kafka Server started/);
  return { kafka: kafka! };
}

/** Dovecot: IMAP, at once over TLS and by STARTTLS. */
export async function startDovecot(host: Host): Promise<Ports> {
  const server = host.find('Dovecot', '/usr/sbin/dovecot');
  host.find("Dovecot's IMAP", '/usr/lib/dovecot/imap');
  needsRoot('Dovecot');
  const files = host.folder();
  const { imap, imaps } = await freePorts('imap', 'imaps');
  mkdirSync(files.path('mail'));
  const lines = `
    base_dir = ${files.path('run')}
    state_dir = ${files.path('state')}
    log_path = /dev/stderr
    protocols = imap
    listen = ${LOCAL}
    ssl = required
    ssl_cert = <${files.path('cert.pem')}
    ssl_key = <${files.path('key.pem')}
    ssl_ca = <${files.path('ca.pem')}
    ssl_verify_client_cert = yes
    first_valid_uid = 1
    first_valid_gid = 1
    mail_location = maildir:${files.path('mail')}/%u
    passdb {
      driver = static
      args = password=${PASSWORD}
    }
    userdb {
      driver = static
      args = uid=mail gid=mail home=${files.path('mail')}/%u
    }
    service imap-login {
      inet_listener imap {
        port = ${imap}
      }
      inet_listener imaps {
        port = ${imaps}
        ssl = yes
      }
    }
    service stats {
      chroot =
    }`;
  const config = files.add('dovecot.conf', lines);
  host.run('chown', ['mail:', files.path('mail')]);
  host.run('chmod', ['755', files.directory]);
  await host.start(server, ['-F', '-c', config], /starting up/);
  return { imap: imap!, imaps: imaps! };
}

/** Exim: SMTP, at once over TLS and by STARTTLS. Debian's speaks TLS by GnuTLS. */
export async function startExim(host: Host): Promise<Ports> {
  const server = host.find('Exim', '/usr/sbin/exim4');
  needsRoot('Exim');
  const user = 'Debian-exim';
  const files = host.folder(user);
  const { smtp, smtps } = await freePorts('smtp', 'smtps');
  const lines = `
primary_hostname = localhost
exim_user = ${user}
exim_group = ${user}
deliver_drop_privilege
daemon_smtp_ports = ${smtp} : ${smtps}
tls_on_connect_ports = ${smtps}
local_interfaces = ${LOCAL}
spool_directory = ${files.path('spool')}
log_file_path = ${files.path('log')}-%s
pid_file_path = ${files.path('pid')}
tls_advertise_hosts = *
tls_certificate = ${files.path('cert.pem')}
tls_privatekey = ${files.path('key.pem')}
tls_verify_certificates = ${files.path('ca.pem')}
tls_try_verify_hosts = *
acl_smtp_rcpt = recipient
acl_smtp_data = accept
queue_only

begin acl
recipient:
  deny recipients = certified@b.example
       !verify = certificate
  accept encrypted = *
`;
  mkdirSync(files.path('spool'));
  host.give(files, user);
  // It has to be root's.
  const config = files.add('exim.conf', lines);
  chmodSync(config, 0o644);
  await host.start(server, ['-C', config, '-bdf', '-v'], /listening|daemon/i);
  return { smtp: smtp!, smtps: smtps! };
}

/** Node's own TLS, under the libraries for HTTP. */
export async function startEcho(host: Host, folder: string): Promise<Ports> {
  const files = host.folder();
  const given = files.add('given.json', JSON.stringify({ folder, ...host.identity }));
  const program = join(import.meta.dirname, 'echo.mjs');
  const child = await host.start(process.execPath, [program, given], /ports \d+ \d+/);
  const [, https, grpc] = /ports (\d+) (\d+)/.exec(child.output()) ?? [];
  return { https: Number(https), grpc: Number(grpc) };
}
