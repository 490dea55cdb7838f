/**
 * The settings and bounds as texts: CONFIGURATION.md, and what is set here. The value of a secret is in neither.
 */
import type { SettingGroup } from "../../config/settings.ts"
import type { Setting } from "../../config/setting.ts"
import type { Limit } from "./limits.ts"

const HEAD = `# Configuration

Generated from \`config/\` by \`npm run holdfast -- config --markdown\`; \`npm run holdfast -- config\` prints what is set here.

The hub takes these from its environment, once, when it starts. One that cannot be read keeps it from starting, with a
sentence that names it. Those that say "yes" under reload may stand in a file too (\`SETTINGS_FILE\`), which goes before the environment and
is read again at SIGHUP (\`systemctl reload\`); all others need a restart. A secret need not stand in a file of settings either: \`{"env": "NAME"}\` anywhere in a channel's or
a carrier's settings is taken from the environment.
`

const LIMITS = `
## Bounds

They are part of the program (\`config/limits.ts\`): what holds for everybody who speaks to a hub. Sizes in bytes, times in
milliseconds, unless the name says otherwise.
`

const cell = (text: string): string => text.replaceAll("|", "\\|")

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n")

const settingRow = ({ name, takes, otherwise, about, reloads, secret }: Setting): ReadonlyArray<string> => [
  `\`${name}\``,
  takes,
  otherwise === undefined || otherwise === "" ? "" : `\`${otherwise}\``,
  secret ? "yes" : "",
  reloads ? "yes" : "",
  about
]

/** The whole of CONFIGURATION.md. */
export const markdown = (groups: ReadonlyArray<SettingGroup>, limits: ReadonlyArray<Limit>): string =>
  [
    HEAD,
    ...groups.map(
      ({ title, settings }) =>
        `\n## ${title}\n\n${table(["setting", "takes", "without it", "secret", "reload", "what it is for"], settings.map(settingRow))}\n`
    ),
    LIMITS,
    `\n${table(
      ["bound", "value", "why"],
      limits.map(({ name, value, reason }) => [`\`${name}\``, value.toLocaleString("en"), reason])
    )}\n`
  ].join("")

/** What holds here: one line a setting. */
export const present = (groups: ReadonlyArray<SettingGroup>, environment: NodeJS.ProcessEnv): string =>
  groups
    .map(({ title, settings }) => [title, ...settings.map((setting) => presentLine(setting, environment))].join("\n"))
    .join("\n\n")

const presentLine = (setting: Setting, environment: NodeJS.ProcessEnv): string => {
  // The hub takes an empty one for none.
  const given = environment[setting.name] ?? ""
  const value = given === "" ? setting.otherwise || "not set" : setting.secret ? "set, a secret" : given
  return `  ${setting.name.padEnd(26)} ${value.padEnd(22)} ${given === "" ? "" : "(set) "}${setting.about}`.trimEnd()
}
