// Waiting for something that nobody announces.

const PATIENCE = 20_000;
const BETWEEN_LOOKS = 25;

/** Asks again and again until the answer is truthy, and answers with it. */
export async function until(question, what, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await question();
    if (answer) {
      return answer;
    }
    if (Date.now() > end) {
      throw new Error(`waited in vain for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
  }
}
