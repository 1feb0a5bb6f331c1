import { run } from '../suite.ts';

// Cloudflare Workers: random numbers are barred outside a request, so importing must not want any.
const handler: { fetch(): Promise<Response> } = {
  fetch: async () => Response.json(await run()),
};
// biome-ignore lint/style/noDefaultExport: this is how the runtime finds the handler
export default handler;
