import { EXIT } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import { loadMaterial } from './material.ts';
import type { Plan } from './plan.ts';
import { POLICIES } from './policies.ts';
import type { Snapshot } from './snapshot.ts';
import { Revocations } from './trust.ts';
import { jsonText } from '../json-text.ts';

/** Says what a plan would do; what is wrong with it is thrown. Nothing is opened, nothing is written. */
export async function checkPlan(plan: Plan, files: Snapshot, terminal: Terminal, json: boolean): Promise<number> {
  const notes: string[] = [];
  const shared = {
    tickets: undefined,
    revocations: new Revocations(),
    staples: new Map<string, Uint8Array>(),
    note: (text: string) => void notes.push(text),
  };
  const listeners = [];
  for (const { name, settings, byName, addresses } of plan.listeners) {
    const { certificates } = await loadMaterial(settings, byName, files, shared);
    const policy = POLICIES[settings.policy];
    listeners.push({
      name,
      kind: settings.http ? 'http' : 'tcp',
      addresses: addresses.map(({ text, port }) => (text.includes(':') ? text : `${text}:${port}`)),
      auth: settings.auth,
      names: [...byName.keys()],
      certificates: certificates.map(({ subject, names, key, notAfter, daysLeft }) => ({
        subject,
        names: [...names.dns, ...names.addresses],
        key,
        notAfter: notAfter.toISOString(),
        daysLeft,
      })),
      servers: settings.to.map(({ name: server, weight }) => ({ server, weight })),
      balance: settings.balance,
      versions: settings.versions.length > 0 ? settings.versions : policy.versions,
    });
  }
  if (json) {
    terminal.print(jsonText({ ok: true, listeners, notes }));
    return EXIT.ok;
  }
  for (const one of listeners) {
    terminal.print(`${one.kind === 'http' ? 'HTTP' : 'TCP'} listener ${one.name} on ${one.addresses.join(', ')}`);
    terminal.print(`  clients: ${one.auth}${one.names.length > 0 ? `; otherwise for ${one.names.join(', ')}` : ''}`);
    for (const { subject, names, key, daysLeft } of one.certificates)
      terminal.print(
        `  certificate: ${subject} (${names.join(', ')}), ${key ?? 'key of another kind'}, ${daysLeft} days left`,
      );
    terminal.print(
      `  servers: ${one.servers.map(({ server, weight }) => `${server}@${weight}`).join(', ')}, ${one.balance}`,
    );
    terminal.print(`  TLS: ${one.versions.join(', ')}`);
  }
  for (const note of notes) terminal.note(`note: ${note}`);
  terminal.print('it can be used as it is');
  return EXIT.ok;
}
