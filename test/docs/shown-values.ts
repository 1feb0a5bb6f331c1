import ts from 'typescript';

/** An example whose shown values are asserted. */
export interface Asserted {
  readonly code: string;
  /** How many values are asserted. */
  readonly values: number;
}

/**
 * Turns each statement `expression; // value` into an assertion that it has this value; `value: why` and `value, why` are
 * taken, too. A comment that begins with no literal is prose, and stays one.
 */
export function assertShownValues(code: string): Asserted {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022, true);
  let text = code;
  let values = 0;
  for (const statement of [...source.statements].reverse()) {
    if (!ts.isExpressionStatement(statement)) continue;
    const [comment] = ts.getTrailingCommentRanges(code, statement.end) ?? [];
    const value = comment && literalAtStart(code.slice(comment.pos + 2, comment.end).trim());
    if (value === undefined) continue;
    const expression = subject(statement.expression)?.getText(source);
    if (expression === undefined) continue;
    values++;
    text = `${text.slice(0, statement.getStart(source))}__expect(${expression}).toEqual(${value});${text.slice(statement.end)}`;
  }
  return { code: values === 0 ? text : `import { expect as __expect } from 'vitest';\n${text}`, values };
}

/** What the value is of: of `console.log(a)` it is `a`; of two things at once, neither. */
function subject(expression: ts.Expression): ts.Expression | undefined {
  if (!ts.isCallExpression(expression) || expression.expression.getText() !== 'console.log') return expression;
  return expression.arguments.length === 1 ? expression.arguments[0] : undefined;
}

/** The longest literal that the text begins with, up to its end, a colon or a comma. */
function literalAtStart(text: string): string | undefined {
  const ends = [text.length, ...[...text.matchAll(/[:,]( |$)/g)].map(({ index }) => index).reverse()];
  return ends.map((end) => literal(text.slice(0, end))).find((found) => found !== undefined);
}

function literal(text: string): string | undefined {
  const bytes = /^Uint8Array (\[.*\])$/.exec(text)?.[1];
  const written = bytes ?? text;
  const { statements, parseDiagnostics } = ts.createSourceFile(
    'value.ts',
    `(${written});`,
    ts.ScriptTarget.ES2022,
  ) as ts.SourceFile & { readonly parseDiagnostics: readonly unknown[] };
  const [only] = statements;
  if (parseDiagnostics.length > 0 || statements.length !== 1 || only === undefined || !ts.isExpressionStatement(only))
    return undefined;
  if (!ts.isParenthesizedExpression(only.expression) || !isLiteral(only.expression.expression)) return undefined;
  return bytes === undefined ? written : `Uint8Array.from(${bytes})`;
}

function isLiteral(node: ts.Expression): boolean {
  if (ts.isArrayLiteralExpression(node)) return node.elements.every(isLiteral);
  if (ts.isObjectLiteralExpression(node))
    return node.properties.every((property) => ts.isPropertyAssignment(property) && isLiteral(property.initializer));
  if (ts.isPrefixUnaryExpression(node)) return isLiteral(node.operand);
  if (ts.isIdentifier(node)) return node.text === 'undefined';
  return (
    ts.isStringLiteral(node) ||
    ts.isNumericLiteral(node) ||
    ts.isBigIntLiteral(node) ||
    [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword].includes(node.kind)
  );
}
