/** Milliseconds between two looks. */
const EVERY = 4;

/** For a carrier that does not tell when it has room again: fulfilled when it has; undefined: it has now. */
export function room(isFull: () => boolean): Promise<void> | undefined {
  return isFull() ? until(() => !isFull()) : undefined;
}

/** Looks until it is so. */
function until(isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (isSo()) resolve();
      else setTimeout(look, EVERY);
    };
    setTimeout(look, EVERY);
  });
}
