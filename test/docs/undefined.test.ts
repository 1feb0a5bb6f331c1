import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import ts from 'typescript';
import { expect, it } from 'vitest';

/** Sets of options that are not named so. */
const OTHERS = ['CredentialSource', 'FetchLimits', 'PolicyInputs', 'SubjectName'];

it('undefined is the same as leaving an option out, also for programs with exactOptionalPropertyTypes', async () => {
  const root = new URL('../../src/', import.meta.url);
  const strict: string[] = [];
  let seen = 0;
  for (const file of await readdir(root, { recursive: true })) {
    if (!file.endsWith('.ts') || file.startsWith('cli')) continue;
    const text = readFileSync(new URL(file, root), 'utf8');
    if (!/^export interface/m.test(text)) continue;
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
    for (const statement of source.statements) {
      if (!ts.isInterfaceDeclaration(statement) || !/^export/.test(statement.getText())) continue;
      const name = statement.name.text;
      if (!name.endsWith('Options') && !OTHERS.includes(name)) continue;
      for (const member of statement.members) {
        if (!ts.isPropertySignature(member) || member.questionToken === undefined || member.type === undefined)
          continue;
        seen++;
        const parts = ts.isUnionTypeNode(member.type) ? member.type.types : [member.type];
        if (!parts.some(({ kind }) => kind === ts.SyntaxKind.UndefinedKeyword))
          strict.push(`${file}: ${name}.${member.name.getText()}`);
      }
    }
  }
  expect(strict).toEqual([]);
  expect(seen).toBeGreaterThan(200);
});
