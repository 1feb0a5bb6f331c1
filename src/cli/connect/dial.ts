import { connect, type Socket } from 'node:net';
import { Failure } from '../failure.ts';
import { type Target, targetText } from './target.ts';

/** What the codes of the system mean, and what to look at. */
const REASONS: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing listens there, or a firewall says so',
  ENOTFOUND: 'there is no such name in DNS',
  EAI_AGAIN: 'the name could not be looked up: DNS does not answer',
  EHOSTUNREACH: 'there is no way to that address',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'it does not answer',
  ECONNRESET: 'it hung up at once',
};

/** A TCP connection. @throws Failure that says why there is none. */
export function dial(target: Target, milliseconds: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...target, noDelay: true, allowHalfOpen: true });
    const fail = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Failure(`${targetText(target)}: ${why}`));
    };
    const timer = setTimeout(() => fail(`no connection within ${milliseconds / 1000} seconds`), milliseconds);
    const onError = (error: NodeJS.ErrnoException): void => {
      const { code = error.message } = firstOf(error);
      fail(`no connection: ${REASONS[code] ?? 'it could not be made'} (${code})`);
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}

/** Where several addresses were tried there are several errors. */
function firstOf(error: NodeJS.ErrnoException): NodeJS.ErrnoException {
  if (!(error instanceof AggregateError)) return error;
  const [first = error]: readonly NodeJS.ErrnoException[] = error.errors;
  return first;
}
