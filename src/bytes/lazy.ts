/**
 * A constant that is made when it is first asked for: tables that are large, or whose making would be a side effect of an
 * import. What makes it looks at nothing but the program itself, so it does not matter who asks first. Nothing else at the
 * top of a module changes (scripts/check-state.ts).
 */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
