import type { Describe } from '../../handshake/config.ts';
import { readCertificate } from './certificate.ts';
import { shortNameText } from './general-name-text.ts';

/** Names and certificates in a few words, whatever is in them. */
export const describe: Describe = {
  name: (der) => orElse(() => shortNameText(der), 'a name that cannot be read'),
  certificate: (der) =>
    orElse(() => {
      const { subject, issuer } = readCertificate(der);
      return `${shortNameText(subject)}, issued by ${shortNameText(issuer)}`;
    }, 'one that cannot be read'),
};

function orElse(text: () => string, otherwise: string): string {
  try {
    return text();
  } catch {
    return otherwise;
  }
}
