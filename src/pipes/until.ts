/** Milliseconds between two looks. */
const EVERY = 4;

/** Looks until it is so, for carriers that do not tell when they have room again. */
export function until(isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (isSo()) resolve();
      else setTimeout(look, EVERY);
    };
    setTimeout(look, EVERY);
  });
}
