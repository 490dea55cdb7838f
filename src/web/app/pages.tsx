/**
 * The pages that exist, in the order of the navigation. A new page is one entry here and one folder in `pages/`.
 *
 * The first one comes with the shell; of the others each is fetched when it is gone to, or when somebody is about to.
 */
import { type ComponentType, lazy } from "react"
import { LiveStockPage } from "../pages/live-stock/page.tsx"
import {
  AccessIcon,
  AccountIcon,
  AlertsIcon,
  AuditIcon,
  ChannelsIcon,
  DocsIcon,
  HistoryIcon,
  IncidentsIcon,
  LettersIcon,
  RecoveryIcon,
  SequencesIcon,
  StockIcon,
  SystemIcon
} from "./icons.tsx"

export interface Page {
  readonly path: string
  readonly label: string
  readonly Icon: ComponentType
  readonly Component: ComponentType
  /** Has a place in the few that a phone shows at once. */
  readonly isMain?: true
  /** Fetches it, so that it is there when it is gone to. */
  readonly fetch?: () => void
}

interface PageGroup {
  readonly label: string
  readonly pages: ReadonlyArray<Page>
}

type Load = () => Promise<{ readonly default: ComponentType }>

/** That it could not be fetched is said where it is gone to. */
const later = (load: Load): Pick<Page, "Component" | "fetch"> => ({
  Component: lazy(load),
  fetch: () => void load().catch(() => undefined)
})

export const GROUPS: ReadonlyArray<PageGroup> = [
  {
    label: "Stock",
    pages: [
      { path: "/", label: "Live stock", Icon: StockIcon, Component: LiveStockPage, isMain: true },
      {
        path: "/sku",
        label: "SKU history",
        Icon: HistoryIcon,
        isMain: true,
        ...later(async () => ({ default: (await import("../pages/sku/page.tsx")).SkuPage }))
      },
      {
        path: "/alerts",
        label: "Low stock",
        Icon: AlertsIcon,
        isMain: true,
        ...later(async () => ({ default: (await import("../pages/alerts/page.tsx")).AlertsPage }))
      },
      {
        path: "/incidents",
        label: "Incidents",
        Icon: IncidentsIcon,
        ...later(async () => ({ default: (await import("../pages/incidents/page.tsx")).IncidentsPage }))
      },
      {
        path: "/dead-letters",
        label: "Dead letters",
        Icon: LettersIcon,
        ...later(async () => ({ default: (await import("../pages/dead-letters/page.tsx")).DeadLettersPage }))
      }
    ]
  },
  {
    label: "Selling",
    pages: [
      {
        path: "/channels",
        label: "Channels",
        Icon: ChannelsIcon,
        isMain: true,
        ...later(async () => ({ default: (await import("../pages/channels/page.tsx")).ChannelsPage }))
      },
      {
        path: "/recovery",
        label: "Recovery",
        Icon: RecoveryIcon,
        ...later(async () => ({ default: (await import("../pages/recovery/page.tsx")).RecoveryPage }))
      },
      {
        path: "/sequences",
        label: "Sequences",
        Icon: SequencesIcon,
        ...later(async () => ({ default: (await import("../pages/sequences/page.tsx")).SequencesPage }))
      }
    ]
  },
  {
    label: "Hub",
    pages: [
      {
        path: "/system",
        label: "System",
        Icon: SystemIcon,
        ...later(async () => ({ default: (await import("../pages/system/page.tsx")).SystemPage }))
      },
      {
        path: "/access",
        label: "Users and keys",
        Icon: AccessIcon,
        ...later(async () => ({ default: (await import("../pages/access/page.tsx")).AccessPage }))
      },
      {
        path: "/audit",
        label: "Audit log",
        Icon: AuditIcon,
        ...later(async () => ({ default: (await import("../pages/audit/page.tsx")).AuditPage }))
      },
      {
        path: "/docs",
        label: "HTTP API",
        Icon: DocsIcon,
        ...later(async () => ({ default: (await import("../pages/docs/page.tsx")).DocsPage }))
      },
      {
        path: "/account",
        label: "Account",
        Icon: AccountIcon,
        ...later(async () => ({ default: (await import("../pages/account/page.tsx")).AccountPage }))
      }
    ]
  }
]

export const PAGES: ReadonlyArray<Page> = GROUPS.flatMap(({ pages }) => pages)
