/** All keys, in one place. */
import { Dialog } from "./dialog.tsx"
import { CloseIcon } from "./icons.tsx"
import { isApple } from "./keys.ts"

const shortcuts = (): ReadonlyArray<
  readonly [where: string, keys: ReadonlyArray<readonly [keys: string, does: string]>]
> => [
  [
    "Everywhere",
    [
      [isApple() ? "⌘ K" : "Ctrl K", "Go to a page, a SKU, a channel, a location; do something"],
      ["?", "Show these keys"],
      ["Tab, Shift Tab", "To the next control, or the one before"],
      ["Escape", "Close what is open"]
    ]
  ],
  [
    "Live stock",
    [
      ["/", "Search by SKU"],
      ["↑ ↓, Page ↑ ↓, Home, End", "Move through the list"],
      ["Enter", "Open the SKU in detail"]
    ]
  ],
  [
    "SKU history",
    [
      ["← →", "On the picture: the change before, or the next"],
      ["Home, End", "The first change, or now"]
    ]
  ]
]

export const Shortcuts = ({ onClose }: { readonly onClose: () => void }) => (
  <Dialog label="Keyboard shortcuts" className="overlay shortcuts pairs" onClose={onClose}>
    <header className="overlay-head">
      <h2>Keyboard shortcuts</h2>
      <button type="button" className="button button-icon" aria-label="Close" onClick={onClose}>
        <CloseIcon />
      </button>
    </header>
    {shortcuts().map(([where, keys]) => (
      <section key={where}>
        <h3>{where}</h3>
        <dl>
          {keys.map(([key, does]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </section>
    ))}
  </Dialog>
)
