## Error pages.

errors =
    .home = Go to the Start Page
    .reference = Reference:
    .badRequestTitle = Bad request
    .badRequest = The request is invalid. Go back, reload the page and try again.
    .forbiddenTitle = Access denied
    .forbidden = Only administrators can open this page. Sign in with another account or contact an administrator.
    .formExpiredTitle = Form expired
    .formExpired = The form was open for too long or was sent from another site. Go back, reload the page, check your entries and send it again.
    .notFoundTitle = Page not found
    .notFound = There is no page at this address. Check the address for typing errors.
    .methodNotAllowedTitle = Method not allowed
    .methodNotAllowed = This page does not accept this kind of request. Go to the start page and try again.
    .timeoutTitle = Request timed out
    .timeout = Your request did not arrive in time. Check your connection and try again.
    .tooLargeTitle = Request too large
    .tooLarge = The data you sent is larger than allowed. Shorten it and try again.
    .tooManyTitle = Too many attempts
    .tooMany = Wait a minute and try again.
    .internalTitle = Something went wrong
    .internal = The error is on our side. Try again in a few minutes.
    .unavailableTitle = Service unavailable
    .unavailable = The service is overloaded or restarting. Try again in a minute.
