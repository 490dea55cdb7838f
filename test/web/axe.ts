/**
 * What axe-core finds wrong with a page: WCAG 2.2 at level AA, and what is good practice beyond it (headings, landmarks).
 *
 * A finding names the rule, the element by its selector, and what is wrong with it, so that a failing test says where to look.
 */
import axe from "axe-core"
import type { AxeResults } from "axe-core"
import type { Page } from "playwright-core"

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

/** All that look at colours; of what a page is made of no other rule sees whether it is light or dark. */
const COLOUR_TAG = "cat.color"

const runInPage = (what: "everything" | "colours") => `axe.run(document, {
  runOnly: ${
    what === "everything"
      ? JSON.stringify({ type: "tag", values: TAGS })
      : `{ type: "rule", values: axe.getRules([${JSON.stringify(COLOUR_TAG)}])
          .filter(({ tags }) => ${JSON.stringify(TAGS)}.some((tag) => tags.includes(tag)))
          .map(({ ruleId }) => ruleId) }`
  },
  resultTypes: ["violations"]
})`

export const findingsOf = async (
  page: Page,
  what: "everything" | "colours" = "everything"
): Promise<ReadonlyArray<string>> => {
  if (!(await page.evaluate<boolean>("'axe' in globalThis"))) await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>(runInPage(what))
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ failureSummary, target }) => {
      const why = (failureSummary ?? "").replaceAll(/\s*\n\s*/g, " ")
      return `${id}: ${target.join(" ")}: ${why}`
    })
  )
}
