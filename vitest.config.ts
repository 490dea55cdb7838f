import { defineConfig } from "vitest/config"
import { times } from "./test/support/runs.ts"

/** One set of throw-away servers serves the whole run; files share it and take names of their own. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: times(60_000),
    hookTimeout: 60_000,
    reporters: ["default"]
  }
})
