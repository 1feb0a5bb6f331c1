// As much of PostgreSQL's protocol (version 3) as a query needs.

const text = (value) => new TextEncoder().encode(`${value}\0`);

/** A message: its kind (the first has none), its length, what is in it. */
function message(kind, ...parts) {
  const body = parts.flatMap((part) => [...part]);
  const head = new DataView(new ArrayBuffer(4));
  head.setUint32(0, body.length + 4);
  return Uint8Array.from([...new TextEncoder().encode(kind), ...new Uint8Array(head.buffer), ...body]);
}

async function send({ writable }, bytes) {
  const writer = writable.getWriter();
  await writer.write(bytes);
  writer.releaseLock();
}

/** Asks for TLS; the answer is a single letter, in the clear. */
export async function sslRequest(pipe) {
  await send(pipe, message('', [4, 210, 22, 47]));
  const reader = pipe.readable.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  if (value?.length !== 1 || value[0] !== 0x53) throw new Error('the server has no TLS, or said more than that');
}

export async function startup(tls, options) {
  await send(tls, message('', [0, 3, 0, 0], ...Object.entries(options).flat().map(text), [0]));
  await untilReady(tls);
}

/** Asks, and gives the rows that come back: texts. */
export async function ask(tls, query) {
  await send(tls, message('Q', text(query)));
  const rows = (await untilReady(tls)).filter(({ kind }) => kind === 'D');
  return rows.map(({ body }) => columns(body));
}

/** All messages up to ReadyForQuery. */
async function untilReady({ readable }) {
  const messages = [];
  const reader = readable.getReader();
  try {
    let bytes = [];
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error('the server has gone');
      bytes = [...bytes, ...value];
      for (let length = lengthOf(bytes); bytes.length > length; length = lengthOf(bytes)) {
        const [kind, ...rest] = bytes.splice(0, length + 1);
        const one = { kind: String.fromCharCode(kind), body: Uint8Array.from(rest.slice(4)) };
        if (one.kind === 'E') throw new Error(new TextDecoder().decode(one.body).replaceAll('\0', ' '));
        if (one.kind === 'Z') return messages;
        messages.push(one);
      }
    }
  } finally {
    reader.releaseLock();
  }
}

/** How long the first message is, without its kind. */
const lengthOf = (bytes) =>
  bytes.length < 5 ? Number.POSITIVE_INFINITY : new DataView(Uint8Array.from(bytes.slice(1, 5)).buffer).getUint32(0);

function columns(body) {
  const view = new DataView(body.buffer);
  const found = [];
  for (let at = 2, left = view.getUint16(0); left > 0; left--) {
    const length = view.getInt32(at);
    found.push(length < 0 ? null : new TextDecoder().decode(body.subarray(at + 4, at + 4 + length)));
    at += 4 + Math.max(length, 0);
  }
  return found;
}
