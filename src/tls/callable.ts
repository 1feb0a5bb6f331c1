/** A class that can be called without `new`, as those of node:tls and node:https can. */
export function callable<C extends new (...values: never[]) => object>(made: C): C {
  return new Proxy(made, {
    apply: (target, _self, values) => Reflect.construct(target, values),
  });
}
