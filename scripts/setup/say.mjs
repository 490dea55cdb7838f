/**
 * What the set-up says to whoever watches: a line for each step, and one clear sentence when it cannot go on.
 */

/** The set-up cannot go on; the message is a sentence that says what to do. */
export class SetupFailed extends Error {}

export const say = (line) => process.stderr.write(`holdfast: ${line}\n`)

/** Says what takes time while it takes time, and how long it took. */
export const step = async (what, work) => {
  const startedMs = performance.now()
  say(`${what} …`)
  const ticker = setInterval(() => say(`${what} … ${Math.round((performance.now() - startedMs) / 1_000)} s`), 5_000)
  try {
    return await work()
  } finally {
    clearInterval(ticker)
  }
}
