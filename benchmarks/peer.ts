/** The other side, in a process of its own: node:tls, told by messages what to be. Started by run.ts. */
import type { ClientSide, ServerSide } from './contender.ts';
import { nodeTls } from './node-tls.ts';
import { answer, ask, type Order } from './protocol.ts';

export type PeerOrder =
  | { readonly kind: 'listen'; readonly options: ServerSide }
  | { readonly kind: 'handshakes'; readonly port: number; readonly options: ClientSide; readonly count: number }
  | {
      readonly kind: 'bulk';
      readonly port: number;
      readonly options: ClientSide;
      readonly order: Order;
      readonly bytes: number;
    };

process.on('message', (order: PeerOrder) => {
  obey(order).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ value: 0 });

async function obey(order: PeerOrder): Promise<number> {
  if (order.kind === 'listen') return (await nodeTls.listen(order.options, answer)).port;
  if (order.kind === 'handshakes') {
    for (let i = 0; i < order.count; i++) {
      const connection = await nodeTls.connect(order.port, order.options);
      await ask(connection, 'hello', 0);
      connection.close();
    }
    return order.count;
  }
  const connection = await nodeTls.connect(order.port, order.options);
  await ask(connection, order.order, order.bytes);
  connection.close();
  return order.bytes;
}
