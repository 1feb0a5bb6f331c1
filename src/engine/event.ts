import type { TlsError } from '../errors.ts';
import type { ConnectionInfo, PeerInfo } from '../handshake/context.ts';
import type { AnyRequest } from '../handshake/requests.ts';

/** What an engine hands out. Ask for the next until it says `wait`. */
export type EngineEvent =
  /** Bytes for the transport. */
  | { readonly type: 'write'; readonly bytes: Uint8Array }
  /** Application data of the peer; never empty. */
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  /** Server: data that came before the handshake was done, and that can be a copy of what came before; never empty. */
  | { readonly type: 'early-data'; readonly bytes: Uint8Array }
  /** Something that only the world can answer; nothing is read until it is. */
  | { readonly type: 'request'; readonly request: AnyRequest }
  /** The handshake is done. */
  | { readonly type: 'established'; readonly info: ConnectionInfo }
  /** The client answered a request made after the handshake; undefined: it declined. */
  | { readonly type: 'post-handshake-auth'; readonly peer: PeerInfo | undefined }
  /** The peer said close_notify: no more data will come. */
  | { readonly type: 'end' }
  /** The connection is over; whatever there was to tell the peer has been written before this. */
  | { readonly type: 'failed'; readonly error: TlsError }
  /** Nothing to do until bytes come, a request is answered, or the program acts. */
  | { readonly type: 'wait' };
