/**
 * What axe-core finds wrong with a page: WCAG 2.2 at level AA, and what is good practice beyond it (headings, landmarks).
 *
 * A finding names the rule, the element by its selector, and what is wrong with it, so that a failing test says where to look.
 */
import axe from "axe-core"
import type { AxeResults } from "axe-core"
import type { Page } from "playwright-core"

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

const runInPage = `axe.run(document, {
  runOnly: { type: "tag", values: ${JSON.stringify(TAGS)} },
  resultTypes: ["violations"]
})`

export const findingsOf = async (page: Page): Promise<ReadonlyArray<string>> => {
  if (!(await page.evaluate<boolean>("'axe' in globalThis"))) await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>(runInPage)
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ failureSummary, target }) => {
      const why = (failureSummary ?? "").replaceAll(/\s*\n\s*/g, " ")
      return `${id}: ${target.join(" ")}: ${why}`
    })
  )
}
