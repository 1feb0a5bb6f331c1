import { Failure } from '../failure.ts';

/** A value of JSON, and where it and its members stand. */
export interface PlacedJson {
  readonly value: unknown;
  /** By path: '' is the whole, `to[1]` a member of a list, `names.a\.example.key` one of an object. */
  readonly places: ReadonlyMap<string, Place>;
}

/** Both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const MAX_DEPTH = 32;

/**
 * Reads JSON (RFC 8259) and remembers where everything stands, so that what is wrong with a value can be said with line and
 * column. A name that stands twice in an object is refused: which of the two was meant cannot be known.
 * @throws Failure with file, line and column.
 */
export function readPlacedJson(text: string, file: string): PlacedJson {
  const reader = new JsonReader(text.startsWith('\ufeff') ? text.slice(1) : text, file);
  return { value: reader.whole(), places: reader.places };
}

/** The path of a member of an object. */
export function memberPath(path: string, name: string): string {
  const plain = /^[\w$-]+$/.test(name) ? name : JSON.stringify(name);
  return path === '' ? plain : `${path}.${plain}`;
}

class JsonReader {
  readonly places = new Map<string, Place>();
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  whole(): unknown {
    this.#space();
    const value = this.#value('', 0);
    this.#space();
    if (this.#at < this.#text.length) this.#fail('nothing more is expected here');
    return value;
  }

  #value(path: string, depth: number): unknown {
    if (depth > MAX_DEPTH) this.#fail(`more than ${MAX_DEPTH} levels`);
    this.places.set(path, this.#place(this.#at));
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(path, depth);
      case '[':
        return this.#list(path, depth);
      case '"':
        return this.#string();
      default:
        return this.#word();
    }
  }

  #object(path: string, depth: number): { readonly [name: string]: unknown } {
    const members = new Map<string, unknown>();
    this.#at++;
    this.#space();
    while (this.#text[this.#at] !== '}') {
      const start = this.#at;
      if (this.#text[start] !== '"') this.#fail('a name in double quotes is expected, or }');
      const name = this.#string();
      if (members.has(name)) this.#fail(`"${name}" is there twice`, start);
      this.#space();
      this.#expect(':');
      this.#space();
      members.set(name, this.#value(memberPath(path, name), depth + 1));
      this.#space();
      if (this.#text[this.#at] === '}') break;
      this.#expect(',', 'a comma is expected, or }');
      this.#space();
      if (this.#text[this.#at] === '}') this.#fail('there is a comma, and nothing behind it');
    }
    this.#at++;
    return Object.fromEntries(members);
  }

  #list(path: string, depth: number): readonly unknown[] {
    const members: unknown[] = [];
    this.#at++;
    this.#space();
    while (this.#text[this.#at] !== ']') {
      members.push(this.#value(`${path}[${members.length}]`, depth + 1));
      this.#space();
      if (this.#text[this.#at] === ']') break;
      this.#expect(',', 'a comma is expected, or ]');
      this.#space();
      if (this.#text[this.#at] === ']') this.#fail('there is a comma, and nothing behind it');
    }
    this.#at++;
    return members;
  }

  #string(): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what RFC 8259 section 7 allows between quotes.
    const pattern = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
    pattern.lastIndex = this.#at;
    const [literal] = pattern.exec(this.#text) ?? [];
    if (literal === undefined)
      this.#fail('a text that does not end on its line, or has a character in it that has to be written otherwise');
    this.#at += literal.length;
    return String(JSON.parse(literal));
  }

  #word(): unknown {
    const pattern = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = this.#at;
    const [literal] = pattern.exec(this.#text) ?? [];
    if (literal === undefined || /[\w.]/.test(this.#text[this.#at + literal.length] ?? ''))
      this.#fail(
        this.#at >= this.#text.length
          ? 'it ends here, and a value is expected'
          : 'a value is expected: a text in double quotes, a number, true, false, a list or an object',
      );
    this.#at += literal.length;
    return JSON.parse(literal);
  }

  #space(): void {
    const pattern = /[ \t\r\n]*/y;
    pattern.lastIndex = this.#at;
    this.#at += pattern.exec(this.#text)?.[0].length ?? 0;
    if (this.#text.startsWith('//', this.#at) || this.#text.startsWith('/*', this.#at))
      this.#fail('there are no comments in JSON; write them as a member, "$comment": "…"');
  }

  #expect(character: string, what: string = `${character} is expected`): void {
    if (this.#text[this.#at] !== character) this.#fail(what);
    this.#at++;
  }

  #place(at: number): Place {
    const before = this.#text.slice(0, at);
    return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
  }

  #fail(what: string, at: number = this.#at): never {
    const { line, column } = this.#place(at);
    throw new Failure(`${this.#file}:${line}:${column}: ${what}`);
  }
}
