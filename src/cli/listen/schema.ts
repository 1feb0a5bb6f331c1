import { BY_NAME } from './options.ts';
import type { AnyDeclarations, Declaration } from './declare.ts';

/** The JSON schema of the config file, from the declarations. */
export function configSchema(declarations: AnyDeclarations): object {
  const properties = Object.fromEntries(Object.entries(declarations).map(([name, one]) => [name, propertyOf(one)]));
  const only = (wanted: (name: string, one: Declaration<unknown>) => boolean): object =>
    Object.fromEntries(
      Object.entries(declarations).flatMap(([name, one]) => (wanted(name, one) ? [[name, propertyOf(one)]] : [])),
    );
  const byName: readonly string[] = BY_NAME;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'warifu listen',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string' },
      $comment: { type: 'string' },
      ...properties,
      names: {
        ...propertyOf(declarations.names),
        patternProperties: {
          '^(\\*\\.)?[a-z0-9_-]+(\\.[a-z0-9_-]+)*$': {
            type: 'object',
            additionalProperties: false,
            properties: { $comment: { type: 'string' }, ...only((name) => byName.includes(name)) },
          },
        },
        additionalProperties: false,
      },
      listeners: {
        description: 'several listeners; what is beside this list is for all of them',
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          additionalProperties: false,
          properties: { $comment: { type: 'string' }, ...only((_name, { isGlobal }) => !isGlobal) },
        },
      },
    },
  };
}

function propertyOf(declaration: Declaration<unknown> | undefined): object {
  if (declaration === undefined) return {};
  const { form, help, words, rule, otherwiseText } = declaration;
  const description = `${help}; ${rule.expected}; default: ${otherwiseText}`;
  switch (form) {
    case 'flag':
      return { description, type: 'boolean' };
    case 'number':
      return { description, type: ['integer', 'string'] };
    case 'texts':
      return { description, anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
    case 'text':
      return words === undefined ? { description, type: ['string', 'number'] } : { description, enum: words };
    case 'object':
      return { description, type: 'object' };
  }
}
