/**
 * The sentences in which people say that they want no more messages, as `plainOf` leaves them.
 *
 * Each pattern needs the messages, the writing, or a list that somebody wants to be off; a "stop" or a "remove" by itself
 * may be about an order. Every repetition is bounded, so that a long message costs no more than its length.
 */
const NOT = "(?:dont|do not|doont|donot|never|wont|not|didnt|did not|doesnt|no need to|why did you)"
/** What is sent by a shop that bothers somebody. */
const MESSAGES =
  "(?:text messages?|texts?|txts?|texting|messages?|messaging|msgs?|sms|sms messages|spam|spamming|notifications?|reminders?|alerts?|promos?|" +
  "promotions?|promotional \\w+|offers?|ads|adverts?|marketing|newsletters?|e ?mails?|whatsapps?|whatsapp messages)"
/** More than one, or what is always more than one: "I do not want the offer" is about an offer. */
const MANY =
  "(?:text messages|texts|txts|messages|msgs|sms|spam|notifications|reminders|alerts|promos|promotions|offers|ads|adverts|marketing|newsletters?|e ?mails)"
const WRITE = "(?:text|txt|message|msg|contact|write|writing|e ?mail|spam|whatsapp|bother|disturb|harass|ping|bug|dm)"
const WRITING =
  "(?:texting|txting|messaging|contacting|writing|e ?mailing|spamming|bothering|disturbing|harassing|pinging|bugging)"
const ME = "(?:me|us|my (?:phone|number|mobile|cell)|this (?:number|phone)|here)"
const END =
  "(?:$|,|please|pls|plz|thanks|thank you|again|anymore|any more|any longer|ever|now|at all|and|or|i |im |or else|ffs)"
/** Then it is about when or how, not about whether. */
const ASIDE =
  "(?:before|after|until|till|at (?:work|night)|in the|on (?:my|the|this|sms|whatsapp)|when|if|unless|about|by|during|while|via|between|from)"

const pattern = (source: string): RegExp => new RegExp(`(?:^|[ ,])${source}`, "u")

const OPT_OUTS: ReadonlyArray<RegExp> = [
  // stop texting me; please stop sending me these messages; stop with the texts
  pattern(
    `(?:stop|quit|cease|no more|enough (?:with|of)) (?:\\w+ ){0,2}?${WRITING}(?: ${ME})?(?: \\w+ing)?(?= ?${END})`
  ),
  pattern(
    `(?:stop|quit|cease|no more) (?:\\w+ ){0,2}?(?:sending|sendin)(?: (?:me|us|to me))?(?: \\w+){0,3} ${MESSAGES}(?= |,|$)`
  ),
  pattern(
    `(?:stop|quit) (?:sending|sendin) (?:me|us|to me|to this number|these|this|them|it|stuff|this stuff)(?: (?:stuff|this|that|things|crap|shit))?(?= ?${END})`
  ),
  pattern(
    `(?:stop|no more|enough|end|halt|quit) (?:with )?(?:the |these |those |this |all |your |any |ur |of |sending |daily )*${MESSAGES}(?: to (?:me|us|this number|my \\w+))?(?= ?${END})`
  ),
  pattern(`stop (?:bothering|spamming|harassing|annoying) (?:me|us)`),
  // dont text me again; never contact this number
  pattern(
    `(?:dont|do not|doont|donot|never|not to|no longer|quit|you may not)(?: ever| please| you)? ${WRITE}(?: or \\w+)? (?:to )?${ME}(?! ${ASIDE})(?! \\w+ (?:me|us) )`
  ),
  pattern(
    `(?:dont|do not|never)(?: ever| please)? send (?:me |us |out )?(?:\\w+ ){0,3}?${MESSAGES}(?: to ${ME})?(?= ?${END})`
  ),
  pattern(
    `(?:dont|do not|never) send (?:me|us) (?:anything|anything else|anymore|any more|these|stuff|this stuff|this)(?= ?${END})`
  ),
  pattern(
    `(?:dont|do not|no longer) (?:want|wish|need|care) (?:to (?:get|receive|hear|see|be getting|be receiving) )?(?:\\w+ ){0,3}?(?:${MANY}|from you|from u)(?: from (?:you|u|this \\w+))?(?= ?${END})`
  ),
  pattern(`(?:dont|do not) want (?:you )?(?:to )?(?:be )?(?:contacted|messaged|texted|hear from you|hear from u)`),
  pattern(`(?:no more|no further) (?:\\w+ )?(?:contact|communication|texting)`),
  pattern(
    `i never (?:signed|subscribed|asked|opted)(?: \\w+){0,3}? (?:for|to|in)(?: \\w+){0,2}? (?:this|these|your|${MESSAGES})`
  ),
  pattern(`(?:not|never) ${WRITE} ${ME}(?! ${ASIDE})(?! \\w+ (?:me|us) )`),
  pattern(`(?:dont|do not) (?:text|message|spam)(?= ?(?:$|,|please|pls|again|anymore))`),
  pattern(`you stopped ${WRITING}`),
  pattern(`(?:cancel|cease|turn off|switch off|disable) (?:all |the |these |those |your |my )*${MANY}(?= ?${END})`),
  pattern("(?:asked|want|wish|like|need) to be (?:removed|unsubscribed|taken off|left alone|opted out)"),
  pattern("(?:not|no longer) (?:want|wish|like) to be (?:contacted|messaged|texted|written to)"),
  pattern("this (?:number|phone) (?:now )?(?:belongs to|is) (?:someone|somebody) elses?"),
  pattern("(?:you|u) (?:are|were|r|have been) (?:now )?blocked"),
  // take me off your list
  pattern(
    `(?:take|get) (?:me|us|my (?:number|name|phone)|this number) off(?: (?:\\w+ ){0,3}?(?:list|lists|database)|(?= ?(?:$|,|please|pls|now)))`
  ),
  pattern(
    `(?:remove|delete|erase) (?:me|us|my (?:number|phone|mobile|cell|contact)|this number)(?: ?number| details?)?(?= ?(?:$|,|please|pls|from (?:\\w+ ){0,3}(?:list|lists|database|system|contacts|${MESSAGES})|now|thanks))`
  ),
  pattern("(?:remove|delete) from (?:\\w+ ){0,2}?(?:list|lists|database)"),
  pattern(`(?:say|said|asked|told|asking|telling) (?:\\w+ ){0,3}?stop(?= ?(?:already|${END}))`),
  pattern(
    `(?:no|discontinue) (?:\\w+ )?(?:text messages|texts|txts|messages|msgs|sms|e ?mails|notifications|reminders|spam)(?= ?(?:$|please|pls|plz|thanks|thank you))`
  ),
  pattern("(?:cease and desist|do not disturb|dont disturb)(?= ?(?:$|,|me|please))"),
  pattern("report(?:ed|ing)? (?:(?:you|this|it|u|your number|this number) )?(?:as|for|to)? ?spam"),
  pattern("(?:unsub\\w*|unsuscribe|opt out|opting out|optout)(?= ?(?:$|,|me|us|from|of|please|pls|now|my|this|to))"),
  pattern(`opt (?:me|us|my number|this number) out`),
  pattern("(?:i )?(?:revoke|withdraw) (?:\\w+ )?(?:consent|permission)"),
  pattern("lose (?:my|this) number"),
  pattern("leave (?:me|us) alone"),
  pattern(
    "(?:youve got |you have |u have |got )?(?:the )?wrong (?:number|person)(?= ?(?:$|,|stop|please|pls|i|im|sorry|mate|buddy|dude))"
  ),
  pattern("(?:fuck off|f off|piss off|go away|bugger off)(?= ?(?:$|,|and|you|with))"),
  pattern(`block(?:ing)? (?:you|this number|u)(?= ?${END})`)
]

/** What carriers' customers write elsewhere. */
const ELSEWHERE = pattern(
  "(?:(?:bitte )?keine (?:nachrichten|sms|mails|werbung) mehr|nicht mehr (?:schreiben|kontaktieren|anschreiben)|" +
    "ne m ?envoyez plus|ne me contactez plus|plus de (?:messages|sms|textos)|arretez de m ?(?:envoyer|ecrire|contacter)|" +
    "no me (?:envi|escrib|mand|contact)\\w* mas|no (?:quiero )?mas (?:mensajes|sms)|dej\\w* de (?:escribir|enviar|mandar)\\w*|" +
    "nao (?:me )?(?:envi|mand)\\w* mais|parem de (?:enviar|mandar)|geen (?:berichten|sms) meer)"
)

/** The same words about something else, or the other way round. */
const NO_OPT_OUTS: ReadonlyArray<RegExp> = [
  // Who cannot unsubscribe wants to.
  pattern("(?:cant|cannot|couldnt) (?:\\w+ )?stop"),
  pattern(`(?:${NOT}|non|without) (?:\\w+ )?(?:stop|unsubscribe|unsubscribing|opt(?:ing)? (?:me )?out|remove|cancel)`),
  pattern("(?:how|why|when) (?:\\w+ ){0,3}(?:unsubscribed|opted out|removed)"),
  pattern("(?:was|am|got|been|were) (?:\\w+ )?(?:unsubscribed|removed|opted out)"),
  pattern("(?:dont|do not) (?:take|remove|leave|block)")
]

/** Whether the sentence asks for no more messages. */
export const refusesMessages = (plain: string): boolean =>
  (OPT_OUTS.some((one) => one.test(plain)) && !NO_OPT_OUTS.some((one) => one.test(plain))) || ELSEWHERE.test(plain)
