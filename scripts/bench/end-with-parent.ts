/**
 * For a program that another one of this project has started, with a pipe for its standard input, and serves: it ends when
 * that one does, however it does.
 */
export const endWithParent = (): void => {
  process.stdin.on("end", () => process.exit()).resume()
}
