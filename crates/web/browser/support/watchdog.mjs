// Ends a test file that hangs. Exit handlers then stop its processes, unlike after a signal.

/** Longer than any file takes on a slow machine. */
const LIMIT = 900_000;

setTimeout(() => {
  console.error(`hangs: not done after ${LIMIT / 1000} s`);
  process.exit(1);
}, LIMIT).unref();

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.once(signal, () => process.exit(1));
}
