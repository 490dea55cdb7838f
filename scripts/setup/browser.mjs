/**
 * A Chromium for the pages' tests: the system's, or one fetched and unpacked beside the servers.
 */
import { existsSync, readdirSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { librariesIn } from "./binaries.mjs"
import { toolsDirectory } from "./home.mjs"
import { fetchPackages, isDebian } from "./packages.mjs"
import { say, step } from "./say.mjs"

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]

const findInstalled = () =>
  [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin"]
    .flatMap((directory) => NAMES.map((name) => join(directory, name)))
    .find((path) => existsSync(path))

/** Some libraries have their helpers in a folder of their own beside them. */
const foldersOf = (folder) =>
  librariesIn(folder).flatMap((path) => {
    const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    return [path, ...below.map(({ name }) => join(path, name)).filter(holdsLibraries)]
  })

const holdsLibraries = (path) => readdirSync(path).some((name) => /^lib.*\.so/.test(name))

/**
 * Without fonts a page cannot be laid out; without fontconfig's own list of folders none are found. The system's settings say
 * which of them is meant by "sans-serif" or "system-ui"; where there are none, the pages' letters would have serifs.
 */
const fontsConfiguration = (folder) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, "usr", "share", "fonts")}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(folder, "font-cache")}</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>sans-serif</family></prefer></alias>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
</fontconfig>
`

/** Debian's own starter looks in fixed places; this one names the fetched libraries and fonts. */
const writeStarter = (folder, program, starter) => {
  const fonts = join(folder, "fonts.conf")
  writeFileSync(fonts, fontsConfiguration(folder))
  const settings = { LD_LIBRARY_PATH: foldersOf(folder).join(delimiter), FONTCONFIG_FILE: fonts }
  const exported = Object.entries(settings).map(([name, value]) => `export ${name}="${value}"\n`)
  writeFileSync(starter, `#!/bin/sh\n${exported.join("")}exec "${program}" "$@"\n`, { mode: 0o755 })
}

/** Path of the browser; an empty text where none is to be had, and then the pages' tests say so. */
export const ensureBrowser = async (home) => {
  const installed = findInstalled()
  if (installed !== undefined) return installed
  const folder = join(toolsDirectory(home), "chromium")
  const starter = join(folder, "start")
  if (existsSync(starter)) return starter
  if (!isDebian()) return ""
  const wanted = { packages: ["chromium"], carriers: /^chromium(-common)?$/ }
  try {
    await step("fetching chromium for the pages' tests (the system stays as it is)", () =>
      fetchPackages(wanted, folder)
    )
  } catch (error) {
    say(`chromium cannot be fetched: ${error.message}`)
    return ""
  }
  const program = join(folder, "usr", "lib", "chromium", "chromium")
  if (!existsSync(program)) return ""
  writeStarter(folder, program, starter)
  return starter
}
