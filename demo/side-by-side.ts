/**
 * The two flows, step by step: on the left RSA key exchange of TLS 1.2, in which the client
 * encrypts the secret for the key in the server's certificate; on the right TLS 1.3. Both are run here, and every line
 * is something that went by or that one side found out: a step that did not happen is not drawn, and counts as a fault.
 */
import { nobleProvider } from '../src/crypto/noble/index.ts';
import { accept, type AcceptOptions, connect, type ConnectOptions, type TlsStream } from '../src/index.ts';
import { markedName, type Recorder, recordLadder, type Rung } from '../src/inspect/index.ts';
import { legacyClient12, legacyServer12 } from '../src/legacy.ts';
import { client13 } from '../src/protocols.ts';
import { server13 } from '../src/protocols.ts';
import { memoryPipe } from '../src/pipes/index.ts';

interface Step {
  readonly text: string;
  readonly classic: readonly Sight[];
  readonly modern: readonly Sight[];
}

/** A message of one side, or what one side found out. */
type Sight = readonly ['client' | 'server', string] | readonly ['client notes' | 'server notes', RegExp];

const HELLO: readonly Step[] = [
  {
    text: 'The client says hello: its versions, its cipher suites, a random number.',
    classic: [['client', 'ClientHello']],
    modern: [['client', 'ClientHello']],
  },
  {
    text: 'The server answers with what it chose of them, and a random number of its own.',
    classic: [['server', 'ServerHello']],
    modern: [['server', 'ServerHello']],
  },
];
const CERTIFICATE: Step = {
  text: 'The server shows its certificate, with its public key in it.',
  classic: [['server', 'Certificate']],
  modern: [['server', 'Certificate']],
};
const CHECKED: Step = {
  text: 'The client checks it: in date, signed by an issuer it trusts, for the name it asked for.',
  classic: [['client notes', /trusted/]],
  modern: [['client notes', /trusted/]],
};
const SECRET: readonly Step[] = [
  {
    text: 'Classic: the client makes a secret and encrypts it with that public key. TLS 1.3: both halves of a key exchange have gone by already.',
    classic: [
      ['client notes', /made the secret/],
      ['client', 'ClientKeyExchange'],
    ],
    modern: [],
  },
  {
    text: 'The server uses its private key: to decrypt the secret, or to sign the whole handshake.',
    classic: [['server notes', /decrypted the secret/]],
    modern: [
      ['server', 'CertificateVerify'],
      ['client notes', /signed this very handshake/],
    ],
  },
];
const END: readonly Step[] = [
  {
    text: 'Both make the session keys, and show that they have seen the same handshake.',
    classic: [
      ['client', 'ChangeCipherSpec'],
      ['client', 'Finished'],
      ['server notes', /Finished of the client fits/],
      ['server', 'ChangeCipherSpec'],
      ['server', 'Finished'],
      ['client notes', /Finished of the server fits/],
    ],
    modern: [
      ['server', 'Finished'],
      ['client notes', /Finished of the server fits/],
      ['client', 'Finished'],
      ['server notes', /Finished of the client fits/],
    ],
  },
  {
    text: 'From here on they talk under keys that only they have.',
    classic: [['client', 'Application Data']],
    modern: [['client', 'Application Data']],
  },
];

const ONE_WAY: readonly Step[] = [...HELLO, CERTIFICATE, CHECKED, ...SECRET, ...END];
const MUTUAL: readonly Step[] = [
  ...HELLO,
  CERTIFICATE,
  CHECKED,
  {
    text: 'The server asks who the client is.',
    classic: [['server', 'CertificateRequest']],
    modern: [['server', 'CertificateRequest']],
  },
  {
    text: 'The client shows its certificate.',
    classic: [['client', 'Certificate']],
    modern: [['client', 'Certificate']],
  },
  ...SECRET,
  {
    text: 'The client signs with its private key; the server checks certificate and signature.',
    classic: [
      ['client', 'CertificateVerify'],
      ['server notes', /trusted/],
      ['server notes', /signed this very handshake/],
    ],
    modern: [
      ['client', 'CertificateVerify'],
      ['server notes', /trusted/],
      ['server notes', /signed this very handshake/],
    ],
  },
  ...END,
];

type Common = { readonly client: ConnectOptions; readonly server: AcceptOptions; readonly width: number };

/** Gives back the picture, and how many of its steps were not seen. */
export async function sideBySide(
  mutual: boolean,
  common: Common,
): Promise<{ readonly text: string; readonly missing: number }> {
  const crypto = nobleProvider();
  const classicSuite = { crypto, suites: ['TLS_RSA_WITH_AES_128_GCM_SHA256'] };
  const classic = await recorded(
    { ...common.client, ...classicSuite, protocols: [legacyClient12(crypto)] },
    { ...common.server, ...classicSuite, protocols: [legacyServer12(crypto)] },
  );
  const modern = await recorded(
    { ...common.client, protocols: [client13] },
    { ...common.server, protocols: [server13] },
  );
  const column = Math.floor((common.width - 3) / 2);
  const lines = [
    row('TLS 1.2, RSA key exchange', 'TLS 1.3', column),
    row('─'.repeat(column), '─'.repeat(column), column, '┼'),
  ];
  let missing = 0;
  for (const [index, step] of (mutual ? MUTUAL : ONE_WAY).entries()) {
    lines.push('', ...wrapped(`${index + 1}. ${step.text}`, common.width));
    const [left, right] = [
      step.classic.map((sight) => find(sight, classic)),
      step.modern.map((sight) => find(sight, modern)),
    ];
    missing += [...left, ...right].filter((found) => found === undefined).length;
    const [a, b] = [left, right].map((side) =>
      side.flatMap((found) => (found === undefined ? ['? not seen'] : drawn(found, column))),
    ) as [string[], string[]];
    if (b.length === 0) b.push('(nothing to send)');
    for (let i = 0; i < Math.max(a.length, b.length); i++) lines.push(row(a[i] ?? '', b[i] ?? '', column));
  }
  return { text: lines.join('\n'), missing };
}

async function recorded(client: ConnectOptions, server: AcceptOptions): Promise<readonly Rung[]> {
  const recorder: Recorder = recordLadder();
  const [ours, theirs] = memoryPipe();
  const [a, b] = await Promise.all([
    connect(ours, { ...client, onTrace: recorder.onTrace }),
    accept(theirs, {
      ...server,
      onTrace: (event) => {
        if (event.type === 'note') recorder.onTrace(event);
      },
    }),
  ]);
  const drained = async (stream: TlsStream): Promise<void> => {
    for await (const _ of stream.readable as unknown as AsyncIterable<Uint8Array>);
  };
  const writer = a.writable.getWriter();
  await Promise.all([writer.write(new TextEncoder().encode('hello')), writer.close(), drained(b)]);
  await Promise.all([b.writable.close(), drained(a)]);
  return recorder.rungs;
}

function find([who, what]: Sight, rungs: readonly Rung[]): Rung | undefined {
  return rungs.find((rung) =>
    rung.type === 'message'
      ? rung.from === who && rung.name === what
      : `${rung.by} notes` === who && new RegExp(what).test(rung.text),
  );
}

/** A message as an arrow, with what protects it; what was found out on that side's edge. */
function drawn(rung: Rung, width: number): string[] {
  if (rung.type === 'note') {
    const lines = wrapped(rung.text, width - 4);
    return lines.map((line, index) =>
      rung.by === 'client'
        ? `${index === 0 ? '●' : ' '} ${line}`
        : `${line} ${index === 0 ? '●' : ' '}`.padStart(width),
    );
  }
  const name = ` ${markedName(rung)} `;
  const dashes = Math.max(2, width - name.length - 1);
  return [rung.from === 'client' ? `──${name}${'─'.repeat(dashes - 2)}▶` : `◀${'─'.repeat(dashes - 2)}${name}──`];
}

function row(left: string, right: string, column: number, between = '│'): string {
  return `${left.padEnd(column)} ${between} ${right}`.trimEnd();
}

function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1]!;
    if (last !== '' && last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
