/**
 * The place where a page goes while it is fetched, and when it cannot be shown: the rest of the console goes on.
 *
 * A hub that was updated has no longer the files that an open console knows by name; loading it again is the remedy.
 */
import { Component, type ReactNode, Suspense } from "react"
import { messageOf } from "../hub/http.ts"

interface GuardProps {
  /** What the page is called, heard while it is fetched. */
  readonly label: string
  readonly children: ReactNode
}

const Fetching = ({ label }: Pick<GuardProps, "label">) => (
  <div className="page">
    <h1 className="visually-hidden">{label}</h1>
    <p className="fetching quiet" aria-busy="true">
      Loading the page …
    </p>
  </div>
)

export class PageGuard extends Component<GuardProps, { readonly failure?: string }> {
  override state: { readonly failure?: string } = {}

  static getDerivedStateFromError(error: unknown): { readonly failure: string } {
    return { failure: messageOf(error) }
  }

  override render(): ReactNode {
    const { failure } = this.state
    if (failure === undefined)
      return <Suspense fallback={<Fetching label={this.props.label} />}>{this.props.children}</Suspense>
    return (
      <div className="none" role="alert">
        <h1>This page cannot be shown</h1>
        <p>The hub may be away, or was updated since the console was opened. ({failure})</p>
        <button type="button" className="button" onClick={() => window.location.reload()}>
          Load it again
        </button>
      </div>
    )
  }
}
