// Polling.

const TIMEOUT = 20_000;
const INTERVAL = 25;

/** Polls until the answer is truthy, and returns it. */
export async function until(question, what, timeout = TIMEOUT) {
  const end = Date.now() + timeout;
  for (;;) {
    const answer = await question();
    if (answer) {
      return answer;
    }
    if (Date.now() > end) {
      throw new Error(`timed out waiting for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
}
