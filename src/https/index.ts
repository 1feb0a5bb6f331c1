/**
 * The interface of node:https over `warifu/tls`, so that `https` can be replaced too: agents, requests, a listener.
 * @module
 */
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { callable } from '../tls/callable.ts';
import { Agent as AgentClass, makeGlobalAgent } from './agent.ts';
import { createServer, Server as ServerClass } from './server.ts';

export { createServer };

/** Connections of requests, kept alive and apart by their options. As in node:https, classes can be called without `new`. */
export const Agent: typeof AgentClass = /* @__PURE__ */ callable(AgentClass);
export type Agent = AgentClass;
/** A listener; {@link createServer} makes one. */
export const Server: typeof ServerClass = /* @__PURE__ */ callable(ServerClass);
export type Server = ServerClass;

type OnResponse = (response: IncomingMessage) => void;

/** The whole module as an object, as `import https from` and `require` have it. */
export interface NodeHttps {
  readonly Agent: typeof AgentClass;
  readonly Server: typeof ServerClass;
  createServer: typeof createServer;
  request: typeof request;
  get: typeof get;
  /** Of requests that bring no agent; can be set. */
  globalAgent: AgentClass;
}

/** The whole module as an object: what `import https from` and `require` give. */
const https: NodeHttps = /* @__PURE__ */ (() => {
  let own: AgentClass | undefined;
  return {
    Agent,
    Server,
    createServer,
    request,
    get,
    get globalAgent() {
      own ??= makeGlobalAgent();
      return own;
    },
    set globalAgent(agent) {
      own = agent;
    },
  };
})();

/** The agent of requests that bring none. */
export const globalAgent: AgentClass = /* @__PURE__ */ (() => https.globalAgent)();

/**
 * Makes a request in the forms of `https.request`. Without an agent it goes by `globalAgent`.
 * @throws TypeError for what is neither URL nor options.
 *
 * @example
 * ```ts
 * import { request } from 'warifu/https';
 * function head(ca: string) {
 *   const sent = request('https://server.example/', { method: 'HEAD', ca }, (response) => {
 *     console.log(response.statusCode);
 *   });
 *   sent.end();
 * }
 * ```
 */
export function request(options: RequestOptions | string | URL, onResponse?: OnResponse): ClientRequest;
export function request(url: string | URL, options: RequestOptions, onResponse?: OnResponse): ClientRequest;
export function request(...given: readonly unknown[]): ClientRequest {
  const [first, ...others] = given;
  const isUrl = typeof first === 'string' || first instanceof URL;
  const address = isUrl ? urlToHttpOptions(new URL(first)) : {};
  const [options, ...rest] = isUrl ? others : given;
  const own = typeof options === 'object' && options !== null ? options : {};
  const callbacks = typeof options === 'function' ? [options, ...rest] : rest;
  const whole = { ...address, ...own, _defaultAgent: https.globalAgent };
  return Reflect.construct(http.ClientRequest, [whole, ...callbacks]);
}

/**
 * The same, ended at once: for requests without a body.
 * @throws TypeError for what is neither URL nor options.
 *
 * @example
 * ```ts
 * import { get } from 'warifu/https';
 * function show(ca: string) {
 *   get('https://server.example/', { ca }, (response) => response.pipe(process.stdout));
 * }
 * ```
 */
export function get(options: RequestOptions | string | URL, onResponse?: OnResponse): ClientRequest;
export function get(url: string | URL, options: RequestOptions, onResponse?: OnResponse): ClientRequest;
export function get(...given: readonly unknown[]): ClientRequest {
  const sent: ClientRequest = Reflect.apply(request, undefined, given);
  sent.end();
  return sent;
}

// biome-ignore lint/style/noDefaultExport: node:https has one, and what takes its place has to.
export default https;
// For `require`, which gives this in place of the namespace.
export { https as 'module.exports' };
