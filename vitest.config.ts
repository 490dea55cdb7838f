import { defineConfig } from "vitest/config"
import { PURE } from "./test/support/pure.ts"
import { times } from "./test/support/runs.ts"

/** Tests that only compute share processes; the others have one for each file, and one set of throw-away servers for the run. */
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: times(60_000),
    hookTimeout: 60_000,
    reporters: ["default"],
    projects: [
      {
        extends: true,
        test: {
          name: "alone",
          include: ["test/**/*.test.ts"],
          exclude: [...PURE],
          globalSetup: ["test/global-setup.ts"]
        }
      },
      { extends: true, test: { name: "together", include: [...PURE], isolate: false } }
    ]
  }
})
