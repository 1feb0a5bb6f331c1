import ts from 'typescript';

/**
 * What is at the top of a module belongs to every program that imports it, and so nothing there may change: no `let`, no
 * list, map or object that anything of its file changes, no static field that can be written. A constant that is made when
 * it is first asked for is `lazy` (src/bytes/lazy.ts).
 */

/** Methods that change what they are called on. */
const CHANGING = new Set(
  'add clear copyWithin delete fill pop push reverse set shift sort splice unshift assign defineProperty'.split(' '),
);

/**
 * A process that is there to misbehave changes its own modules; a warning that Node's interface gives once for each process
 * has to remember that it was given.
 */
const EXEMPT: readonly string[] = ['testkit/misbehaving.ts', 'tls/warning.ts'];

/** Every breach, as a sentence; `files` maps paths below src/ to their text. */
export function checkState(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([file, text]) => {
    if (EXEMPT.includes(file)) return [];
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
    return breachesIn(source).map(({ node, what }) => {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      return `${file}:${line + 1}: ${what}`;
    });
  });
}

interface Breach {
  readonly node: ts.Node;
  readonly what: string;
}

function breachesIn(source: ts.SourceFile): Breach[] {
  const breaches: Breach[] = [];
  const constants = new Set<string>();
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) {
      if ((statement.declarationList.flags & ts.NodeFlags.Const) === 0)
        breaches.push({ node: statement, what: 'a variable at the top of a module; give it to what uses it' });
      for (const { name, initializer } of statement.declarationList.declarations) {
        for (const one of namesIn(name)) constants.add(one);
        if (initializer !== undefined && isEmptyCollection(initializer))
          breaches.push({ node: initializer, what: 'an empty collection, which can only be there to be filled' });
      }
    }
    if (ts.isClassDeclaration(statement))
      for (const member of statement.members)
        if (ts.isPropertyDeclaration(member) && isStatic(member)) {
          if (!member.modifiers!.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword))
            breaches.push({ node: member, what: 'a static field that can be written' });
          constants.add(`${statement.name?.text}.${member.name.getText()}`);
        }
  }
  const visit = (node: ts.Node): void => {
    const changed = changedBy(node);
    const name = changed === undefined ? undefined : rootOf(changed, constants);
    if (name !== undefined && !isShadowed(node, name))
      breaches.push({ node, what: `${name} is at the top of the module, and is changed here` });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return breaches;
}

/** What a node changes: the target of an assignment, or of a method that changes it. */
function changedBy(node: ts.Node): ts.Expression | undefined {
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const assigns = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return assigns && !ts.isIdentifier(node.left) ? node.left : undefined;
  }
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node))
    return node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken
      ? node.operand
      : undefined;
  if (ts.isDeleteExpression(node)) return node.expression;
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const { expression, name } = node.expression;
  if (!CHANGING.has(name.text)) return undefined;
  const [first] = node.arguments;
  return ts.isIdentifier(expression) && ['Object', 'Reflect'].includes(expression.text) ? first : expression;
}

/** The constant that an expression is, or is a part of. */
function rootOf(expression: ts.Expression, constants: ReadonlySet<string>): string | undefined {
  let inner: ts.Expression = expression;
  for (;;) {
    if (constants.has(inner.getText())) return inner.getText();
    if (ts.isPropertyAccessExpression(inner) || ts.isElementAccessExpression(inner) || ts.isNonNullExpression(inner))
      inner = inner.expression;
    else return undefined;
  }
}

/** Is the name that of a parameter or of a local variable there? */
function isShadowed(node: ts.Node, name: string): boolean {
  for (let scope = node.parent; !ts.isSourceFile(scope); scope = scope.parent) {
    if (ts.isFunctionLike(scope) && scope.parameters.some((parameter) => namesIn(parameter.name).includes(name)))
      return true;
    const statements = ts.isBlock(scope) ? scope.statements : [];
    for (const statement of statements)
      if (ts.isVariableStatement(statement))
        for (const declaration of statement.declarationList.declarations)
          if (namesIn(declaration.name).includes(name)) return true;
    const list = ts.isForOfStatement(scope) || ts.isForStatement(scope) ? scope.initializer : undefined;
    if (list !== undefined && ts.isVariableDeclarationList(list))
      for (const declaration of list.declarations) if (namesIn(declaration.name).includes(name)) return true;
  }
  return false;
}

function isEmptyCollection(node: ts.Expression): boolean {
  return (
    ts.isNewExpression(node) &&
    ['Map', 'Set', 'WeakMap', 'WeakSet'].includes(node.expression.getText()) &&
    (node.arguments ?? []).length === 0
  );
}

function namesIn(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesIn(element.name)));
}

function isStatic(member: ts.PropertyDeclaration): boolean {
  return member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) === true;
}
