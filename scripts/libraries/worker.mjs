// One case in a worker: a request carries what it is given, the answer says how it went.
import { isOurs } from './cases/support.mjs';
import { run } from 'case';

// biome-ignore lint/style/noDefaultExport: this is how the runtime finds the handler
export default {
  async fetch(request) {
    const { ours, given } = await request.json();
    try {
      if (isOurs() !== ours) throw new Error('this does not run with the TLS that it is to run with');
      await run(given);
      return new Response('done');
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};
