import { toHex } from '../../bytes/bytes.ts';
import { nameText } from '../../pki/x509/general-name-text.ts';
import { readCertificates } from '../../pki/path/anchors.ts';
import type { RevocationReason } from '../../pki/revocation/crl.ts';
import type { Command, Given } from '../command.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { readFile, type Terminal } from '../terminal.ts';
import { existingFolder, FOLDER_OPTIONS, openFolder, writeLists } from './authority.ts';
import type { CaFolder, IssuedRecord, State } from './folder.ts';
import { trustText } from './trust.ts';
import { jsonText } from '../json-text.ts';

const REASONS: readonly RevocationReason[] = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
];

const DAYS = { type: 'string', value: 'DAYS', help: 'that the list is valid (default: 30)' } as const;

/** `warifu ca revoke` */
export const revokeCommand: Command = {
  name: 'ca revoke',
  summary: 'revoke a certificate, and write a new crl.pem',
  operands: 'FILE|SERIAL…',
  help: `
Revokes certificates that were issued here, by their file or their serial number, and writes new lists.

  warifu ca revoke ca/client.crt --reason keyCompromise
  warifu ca revoke 4f2a…
`,
  options: {
    ...FOLDER_OPTIONS,
    reason: { type: 'string', value: 'REASON', words: REASONS, help: `${REASONS.join(', ')} (default: unspecified)` },
    days: DAYS,
  },
  run: revoke,
};

/** `warifu ca crl` */
export const crlCommand: Command = {
  name: 'ca crl',
  summary: 'write a new crl.pem, before the old one expires',
  operands: '',
  help: `
Writes the lists of revoked certificates anew: crl.pem has those of the intermediate and of the root, intermediate.crl the
first of them in DER. Each has a number higher than the last.

  warifu ca crl --days 7
`,
  options: { ...FOLDER_OPTIONS, days: DAYS },
  run: async (given, terminal) => {
    const folder = existingFolder(given, terminal);
    const { root, intermediate } = await openFolder(folder, given, terminal);
    const days = given.number('days', 1);
    const number = await folder.change(async (state) => ({
      state: await writeLists(folder, state, root, intermediate, days),
      result: state.crlNumber,
    }));
    if (given.has('json')) terminal.print(jsonText({ crl: folder.file('crl.pem'), number }));
    else terminal.print(folder.file('crl.pem'));
    return EXIT.ok;
  },
};

/** `warifu ca list` */
export const listCommand: Command = {
  name: 'ca list',
  summary: 'what was issued, and what is revoked',
  operands: '',
  help: `
Lists what was issued here.

  warifu ca list --json
`,
  options: { dir: FOLDER_OPTIONS.dir! },
  run: async (given, terminal) => {
    const { issued } = existingFolder(given, terminal).state();
    if (given.has('json')) {
      terminal.print(jsonText(issued));
      return EXIT.ok;
    }
    for (const { serial, file, purpose, names, notAfter, revoked } of issued) {
      const until = new Date(notAfter).toISOString().slice(0, 10);
      const status =
        revoked !== undefined
          ? `revoked (${revoked.reason})`
          : notAfter < Date.now()
            ? 'expired'
            : `valid until ${until}`;
      terminal.print(`${serial}  ${purpose}  ${file}.crt  ${names.join(' ')}  ${status}`);
    }
    return EXIT.ok;
  },
};

/** `warifu ca trust` */
export const trustCommand: Command = {
  name: 'ca trust',
  summary: 'print how machines and browsers come to trust root.crt; changes nothing',
  operands: '',
  help: `
Prints what to do so that programs, machines and browsers trust root.crt, and how to take it back. It changes nothing.

  warifu ca trust
`,
  options: { dir: FOLDER_OPTIONS.dir! },
  run: async (given, terminal) => {
    const folder = existingFolder(given, terminal);
    const [root] = readCertificates([folder.readOwn('root.crt')]);
    const name = root === undefined ? 'warifu' : (/CN=((?:\\.|[^,+])*)/.exec(nameText(root.subject))?.[1] ?? 'warifu');
    const text = trustText(folder.file('root.crt'), name);
    terminal.print(given.has('json') ? jsonText({ root: folder.file('root.crt'), text }) : text);
    return EXIT.ok;
  },
};

async function revoke(given: Given, terminal: Terminal): Promise<number> {
  if (given.positionals.length === 0) throw usage('the file of a certificate, or its serial number, is wanted');
  const folder = existingFolder(given, terminal);
  const { root, intermediate } = await openFolder(folder, given, terminal);
  const reason = given.oneOf('reason', REASONS) ?? 'unspecified';
  const days = given.number('days', 1);
  const revoked = await folder.change(async (state) => {
    const records = given.positionals.map((what) => findRecord(folder, state, what, terminal));
    const at = Date.now();
    const issued = state.issued.map((record) =>
      records.includes(record) ? { ...record, revoked: { at, reason } } : record,
    );
    return { state: await writeLists(folder, { ...state, issued }, root, intermediate, days), result: records };
  });
  if (given.has('json'))
    terminal.print(jsonText({ revoked: revoked.map(({ serial }) => serial), reason, crl: folder.file('crl.pem') }));
  else {
    for (const { serial, file } of revoked) terminal.print(`${serial} (${file}.crt) is revoked`);
    terminal.print(`${folder.file('crl.pem')} says so: give it to those who check`);
  }
  return EXIT.ok;
}

/** @throws Failure when it was not issued here, or is revoked already. */
function findRecord(folder: CaFolder, state: State, what: string, terminal: Terminal): IssuedRecord {
  const serial = serialOf(folder, what, terminal);
  const record = state.issued.find((item) => item.serial === serial);
  if (record === undefined)
    throw new Failure(`${what}: no certificate with the serial number ${serial} was issued here`);
  if (record.revoked !== undefined)
    throw new Failure(`${what}: it was revoked on ${new Date(record.revoked.at).toISOString()}`);
  return record;
}

function serialOf(folder: CaFolder, what: string, terminal: Terminal): string {
  if (/^[0-9a-fA-F:]{2,59}$/.test(what)) {
    const digits = what.replaceAll(':', '').toLowerCase();
    return digits.length % 2 === 0 ? digits : `0${digits}`;
  }
  const file = folder.locate(terminal.path(what));
  const [certificate] = readCertificates([readFile(terminal, file)], what);
  if (certificate === undefined) throw new Failure(`${what}: there is no certificate in it`);
  return toHex(certificate.serial);
}
