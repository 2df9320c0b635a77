## Pages for what did not work at all.

errors =
    .home = Go to the Start Page
    .reference = Reference:
    .badRequestTitle = We did not understand that
    .badRequest = Something in the request is not right. Go back, load the page again and try once more.
    .forbiddenTitle = You may not see this page
    .forbidden = It is for administrators. Sign in with another account, or ask one of them.
    .formExpiredTitle = Send it again
    .formExpired = This page was open for too long or came from another site. Go back, load it again, check your entries and send it again.
    .notFoundTitle = Page not found
    .notFound = There is nothing at this address. Check it for typing errors.
    .methodNotAllowedTitle = This does not work like that
    .methodNotAllowed = The page exists, but not for what was asked of it. Start again from the start page.
    .timeoutTitle = That took too long
    .timeout = Your request did not arrive in time. Check your connection and try again.
    .tooLargeTitle = That was too much
    .tooLarge = What you sent is larger than we accept. Shorten it and try again.
    .tooManyTitle = Too many tries
    .tooMany = Wait a minute and try again.
    .internalTitle = Something went wrong
    .internal = The fault is on our side. Try again in a few minutes.
    .unavailableTitle = Not available right now
    .unavailable = We are overloaded or being restarted. Try again in a minute.
