/**
 * Channels: how each marketplace is, what was given up there and what waits for a mapping, and the few things that an
 * operator does about it.
 */
import { useEffect, useMemo, useState, useSyncExternalStore } from "react"
import { ConnectionNotice } from "../../app/connection.tsx"
import { setQuery, useQuery } from "../../app/router.tsx"
import { isHidden } from "../../hub/client.ts"
import { getJson } from "../../hub/http.ts"
import { Poll } from "../../hub/poll.ts"
import type { ChannelHealth, ChannelList } from "../../../channels/protocol.ts"
import { ChannelCard } from "./card.tsx"
import { Troubles } from "./troubles.tsx"

const useChannels = (): ReadonlyArray<ChannelHealth> | undefined => {
  const poll = useMemo(() => new Poll({ read: () => getJson<ChannelList>("/v1/channels"), isHidden }), [])
  useEffect(() => {
    poll.start()
    return () => poll.stop()
  }, [poll])
  return useSyncExternalStore(poll.subscribe, poll.value)?.channels
}

const None = () => (
  <div className="channels-none">
    <h2>No channel is configured</h2>
    <p>
      Describe your shops in <code>channels.json</code> in the hub&rsquo;s home and start it again; the README shows
      how.
    </p>
  </div>
)

export const ChannelsPage = () => {
  const channels = useChannels()
  const chosen = useQuery("channel")
  const [notice, setNotice] = useState<string | undefined>()
  const open = channels?.find(({ name }) => name === chosen) ?? channels?.[0]
  return (
    <div className="channels">
      <h1 className="visually-hidden">Channels</h1>
      <ConnectionNotice />
      {channels !== undefined && channels.length === 0 ? <None /> : null}
      <ul className="channel-cards" aria-label="Channels">
        {(channels ?? []).map((channel) => (
          <ChannelCard
            key={channel.name}
            channel={channel}
            isOpen={channel.name === open?.name}
            onOpen={() => setQuery("channel", channel.name)}
            onNotice={setNotice}
          />
        ))}
      </ul>
      <p className="channels-notice" role="status">
        {notice}
      </p>
      {open === undefined ? null : <Troubles key={open.name} channel={open} onNotice={setNotice} />}
    </div>
  )
}
