/**
 * `holdfast config`: every setting, what it is here and what it is for; or the reference of them all as Markdown.
 */
import type { Command } from "commander"
import { settingGroups } from "../../config/settings.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { everyLimit } from "./limits.ts"
import { markdown, present } from "./reference.ts"

export const register = (program: Command): void => {
  program
    .command("config")
    .description("every setting: what it takes, what it is here, what it is for")
    .option("--markdown", "all settings and bounds as CONFIGURATION.md has them")
    .action((options: { readonly markdown?: true }) => {
      const text = options.markdown
        ? markdown(settingGroups, everyLimit(projectRoot()))
        : `${present(settingGroups, process.env)}\n`
      process.stdout.write(text)
    })
}
