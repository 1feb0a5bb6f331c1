// An entry as none of ours may be; the size test looks for what it carries.
import { connect } from 'node:net';
import { fromBER } from 'asn1js';

export const heavy: readonly unknown[] = [connect, fromBER];
export const later = (): Promise<unknown> => import('pkijs');
