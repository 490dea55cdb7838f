/** Who is signed in, at the foot of the navigation, and the way out. */
import { navigate } from "../app/router.tsx"
import { remove } from "../hub/http.ts"
import { useOwn } from "./use-session.ts"

const signOut = async (): Promise<void> => {
  await remove("/v1/access/session", {}).catch(() => undefined)
  window.location.assign("/")
}

export const Who = () => {
  const own = useOwn()
  if (own?.principal.kind !== "user") return null
  const { name } = own.principal
  return (
    <div className="who">
      <button type="button" className="link-button who-name" title="Your account" onClick={() => navigate("/account")}>
        {name}
      </button>
      <button type="button" className="link-button" onClick={() => void signOut()}>
        Sign out
      </button>
    </div>
  )
}
